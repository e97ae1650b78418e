"""DROP of a view, function, type, sequence, schema or extension that the running app uses."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.schema.model import BEFORE_HISTORY, Moment
from migrasafe.sql.statements import (
    CreateEnum,
    CreateFunction,
    CreateTable,
    CreateTableAs,
    CreateView,
    Drop,
    DroppedObject,
    Statement,
)

_KINDS = frozenset(
    {
        "VIEW",
        "MATERIALIZED VIEW",
        "FUNCTION",
        "PROCEDURE",
        "ROUTINE",
        "AGGREGATE",
        "TYPE",
        "DOMAIN",
        "SEQUENCE",
        "SCHEMA",
        "EXTENSION",
    }
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind not in _KINDS:
        return
    dropped = [one for one in statement.objects if _is_in_use(step, statement, one)]
    if not dropped:
        return
    kind = statement.kind.lower()
    names = ", ".join(str(one.name) for one in dropped)
    yield step.finding(
        RULE.id,
        f"The running app fails if it still uses the {kind} {names}.",
        help=f"Deploy an app version that does not use the {kind}, and drop it when the old version is gone.",
        objects=[str(one.name) for one in dropped],
        lock=LockMode.ACCESS_EXCLUSIVE if "VIEW" in statement.kind else None,
        assumed=("the running app uses it",),
        fix=after_deploy(step, f"does not use the {kind} {names}"),
    )


def _is_in_use(step: Step, statement: Drop, dropped: DroppedObject) -> bool:
    """Whether the running app may use it: it was there before, and the transaction does not make it again."""
    known, born = _born(step, statement.kind, dropped)
    if born is not None and born != BEFORE_HISTORY and born.migration == step.moment.migration:
        return False
    if not known and statement.if_exists and step.schema.complete:
        return False
    return not (_is_made_again(step, statement.kind, dropped) or _is_trigger_function(step, statement.kind, dropped))


def _born(step: Step, kind: str, dropped: DroppedObject) -> tuple[bool, Moment | None]:
    """Whether the object is known, and when it was made."""
    schema, name = step.schema, dropped.name
    match kind:
        case "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE":
            relation = schema.relation(schema.resolve(name.schema, name.name))
            return relation is not None, relation.born if relation is not None else None
        case "TYPE" | "DOMAIN":
            found = schema.types.get(schema.resolve_type(name.schema, name.name))
            return found is not None, found.born if found is not None else None
        case "SCHEMA":
            return name.name in schema.schemas, schema.schemas.get(name.name)
        case "EXTENSION":
            return name.name in schema.extensions, schema.extensions.get(name.name)
    functions = schema.functions.get(schema.resolve_function(name.schema, name.name))
    return functions is not None, functions[-1].born if functions else None


def _is_made_again(step: Step, kind: str, dropped: DroppedObject) -> bool:
    """Whether the same transaction makes an object of that name again."""
    return step.in_transaction and any(_makes(later, kind) == dropped.name.name for later in step.later)


def _makes(statement: Statement, kind: str) -> str | None:
    match statement:
        case CreateView() | CreateTable() | CreateTableAs() if kind in ("VIEW", "MATERIALIZED VIEW"):
            return statement.name.name
        case CreateFunction() if kind in ("FUNCTION", "PROCEDURE", "ROUTINE"):
            return statement.name.name
        case CreateEnum() if kind == "TYPE":
            return statement.name.name
    return None


def _is_trigger_function(step: Step, kind: str, dropped: DroppedObject) -> bool:
    """No app calls a function that returns trigger."""
    if kind != "FUNCTION":
        return False
    name = dropped.name
    functions = step.schema.functions.get(step.schema.resolve_function(name.schema, name.name), ())
    return bool(functions) and all(
        one.returns is not None and one.returns.name in ("trigger", "event_trigger") for one in functions
    )


RULE = Rule(id="drop-object-in-use", check=check, on=(Drop,))
