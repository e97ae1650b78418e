"""The bodies that a statement runs beside itself: of the functions it calls, and of the triggers it fires.

https://www.postgresql.org/docs/current/xfunc.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.schema.model import Function, Ref, Schema, Table
from migrasafe.sql.builtin.called import calls_in
from migrasafe.sql.statements import (
    Body,
    Call,
    Copy,
    CreateTableAs,
    Delete,
    DoBlock,
    Guarded,
    Insert,
    Merge,
    Node,
    Select,
    Statement,
    Update,
)

if TYPE_CHECKING:  # few migrations call functions: what reads bodies is imported when one does
    from migrasafe.sql.constants import Known, Value

DEEPEST = 8
"""How deep calls inside calls are followed."""


class Run(Struct, frozen=True, kw_only=True):
    """One body that runs as part of a statement."""

    body: Body
    function: Ref | None = None
    """None: the body of a DO block, whose spans point into the script."""
    trigger: str | None = None
    """The trigger that calls the function."""
    uncertain: bool = False
    """It may be another overload that is called."""
    settings: tuple[str, ...] = ()
    """Settings that the function brings with it, by name."""


def runs_of(statement: Statement, schema: Schema) -> tuple[Run, ...]:
    """The bodies that run when `statement` does, in order; nothing for statements that run no other code."""
    if isinstance(statement, DoBlock):
        return (Run(body=statement.body),)
    if type(statement) not in MAY_RUN or not schema.functions:
        return ()
    return tuple(dict.fromkeys((*_called(statement, schema), *_fired(statement, schema))))


MAY_RUN: frozenset[type[Statement]] = frozenset(
    {DoBlock, Select, Call, Insert, Update, Delete, Merge, CreateTableAs, Copy}
)
"""The statements that may run other code."""


def guarded_statements(run: Run, statement: Statement) -> tuple[Guarded, ...]:
    """The statements of a body. Those of a function stand where the statement stands that calls it."""
    if run.function is None:
        return run.body.statements
    return tuple(
        replace(
            inner,
            statement=replace(inner.statement, span=statement.span),
            may_run=inner.may_run or run.uncertain or run.trigger is not None,
        )
        for inner in run.body.statements
    )


# --- calls ------------------------------------------------------------------------------------------------------------


def _called(statement: Statement, schema: Schema) -> Iterator[Run]:
    query = getattr(statement, "query", None)
    if query is None:
        return
    for call in sorted(calls_in(query.node), key=lambda one: int(one.get("location", 0))):
        names = [str(item.get("String", {}).get("sval", "")) for item in call.get("funcname", [])]
        if not names:
            continue
        ref = schema.resolve_function(names[-2] if len(names) > 1 else None, names[-1])
        arguments = call.get("args", [])
        meant = [one for one in schema.functions.get(ref, ()) if _takes(one, len(arguments))]
        for function in meant:
            body = _body(function, _values(function, arguments))
            if body is not None:
                yield Run(body=body, function=ref, uncertain=len(meant) > 1, settings=function.settings)


def _takes(function: Function, count: int) -> bool:
    """Whether it can be called with so many arguments, and can do anything: only volatile functions may write."""
    inputs = [argument for argument in function.arguments if argument.is_input]
    needed = sum(argument.default is None and argument.mode != "variadic" for argument in inputs)
    most = len(inputs) if not any(argument.mode == "variadic" for argument in inputs) else count
    if function.procedure:  # CALL gives a place holder for each OUT argument
        most = max(most, len(function.arguments))
    return function.volatility == "volatile" and needed <= count <= most


def _values(function: Function, arguments: list[Node]) -> dict[str, Value]:
    """The arguments whose values are constants, under their names and as `$1`."""
    from migrasafe.sql.constants import value_of

    inputs = [argument for argument in function.arguments if argument.mode in ("in", "inout")]
    given: dict[int, Any] = {}
    for place, node in enumerate(arguments):
        named = node.get("NamedArgExpr")
        if named is None:
            given[place] = node
            continue
        for number, argument in enumerate(inputs):
            if argument.name == named.get("name"):
                given[number] = named.get("arg", {})
    values: dict[str, Value] = {}
    for number, argument in enumerate(inputs):
        default = argument.default.node if argument.default is not None else {}
        value = value_of(given.get(number, default))
        if value is not None:
            values[f"${number + 1}"] = value
            if argument.name:
                values[argument.name] = value
    return values


def _body(function: Function, values: Known) -> Body | None:
    if function.definition is None:
        return None
    from migrasafe.sql.plpgsql.calls import called_body

    return called_body(function.definition, tuple(sorted(values.items())))


# --- triggers ---------------------------------------------------------------------------------------------------------


def _fired(statement: Statement, schema: Schema) -> Iterator[Run]:
    for name, event in _changes(statement):
        table = schema.table(schema.resolve(name.schema, name.name))
        if table is not None:
            yield from _triggers(table, event, schema)


def _changes(statement: Any) -> Iterator[tuple[Any, str]]:
    """The tables that a statement writes, and the trigger event each is."""
    match statement:
        case Insert():
            yield statement.table, "insert"
            if statement.on_conflict:
                yield statement.table, "update"
        case Update():
            yield statement.table, "update"
        case Delete():
            yield statement.table, "delete"
        case Merge():
            for action in statement.actions:
                yield statement.table, action
        case Copy(from_=True, table=table) if table is not None:
            yield table, "insert"
    for inner in getattr(statement, "modifies", ()):
        yield from _changes(inner)


def _triggers(table: Table, event: str, schema: Schema) -> Iterator[Run]:
    for trigger in sorted(table.triggers, key=lambda one: one.name):
        if not trigger.enabled or event not in trigger.events or trigger.function is None:
            continue
        known: Mapping[str, Value] = {
            "tg_op": event.upper(),
            "tg_name": trigger.name,
            "tg_table_name": table.ref.name,
            "tg_relname": table.ref.name,
            "tg_table_schema": table.ref.schema,
            "tg_when": trigger.timing.upper(),
            "tg_level": "ROW" if trigger.row else "STATEMENT",
        }
        for function in schema.functions.get(trigger.function, ()):
            body = _body(function, known) if not function.arguments else None
            if body is not None:
                yield Run(body=body, function=function.ref, trigger=trigger.name, settings=function.settings)
