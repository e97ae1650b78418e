"""What a query that resolves can still run into on one schema: required columns, constraints, publications.

As `Problem`s: those that a migration brings or takes away are found by comparing the two schemas. A problem that depends
on the values that the app sends is not certain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrasafe.app.judge.constraints_at_risk import constraints_at_risk
from migrasafe.app.judge.nullness import can_be_null
from migrasafe.app.resolve import Insertion, Problem, Resolution, Written
from migrasafe.app.resolve.values import How
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Column, Domain, Schema, Table
from migrasafe.schema.publishing import refusal
from migrasafe.sql.expressions import is_null_constant, proves_not_null
from migrasafe.sql.statements import ConstraintKind, Expression

_CHANGES = {Action.WRITES: ("update", "updates"), Action.DELETES: ("delete from", "deletes")}


def checks(resolution: Resolution, schema: Schema, never_null: Collection[int] = ()) -> Iterator[Problem]:
    """Everything that can go wrong with the rows that a query writes, and with those it wants to see. `never_null`: the
    numbers of its parameters that never are."""
    for insertion in resolution.insertions:
        table = schema.table(insertion.relation)
        if table is not None:
            yield from _insertion(insertion, table, schema)
    overriding = {one.relation for one in resolution.insertions if one.overriding}
    columns = _never_null_columns(resolution, schema) if resolution.writes else frozenset[str]()
    for written in resolution.writes:
        table = schema.table(written.relation)
        column = table.column(written.column) if table is not None else None
        if table is not None and column is not None:
            if written.relation in overriding and written.action is Action.INSERTS and column.identity is not None:
                continue  # it is taken as it is, or not looked at
            known = columns | {column.name} if written.of_tables else frozenset[str]()
            may_be_null = can_be_null(written.value, never_null, known)
            yield from _written(written, column, table, schema, may_be_null=may_be_null)
    yield from constraints_at_risk(resolution, schema)
    yield from _unpublishable(resolution, schema)


# --- required columns -------------------------------------------------------------------------------------------------


def is_required(column: Column, table: Table, schema: Schema) -> bool:
    """Whether a row needs a value for it: NULL is refused, by NOT NULL, a CHECK or a domain, and nothing fills it."""
    if column.default is not None and not is_null_constant(column.default):
        return False
    if column.identity is not None or column.generated is not None:
        return False
    domain = _domain(column, schema)
    if domain is not None and domain.default is not None:
        return False
    return refuses_null(column, table, schema)


def refuses_null(column: Column, table: Table, schema: Schema) -> bool:
    """Whether NOT NULL, a CHECK or a domain does."""
    return _refused_null(column, table, schema) is not None


def _refused_null(column: Column, table: Table, schema: Schema) -> tuple[str, str] | None:
    """The SQLSTATE and the words with which PostgreSQL refuses NULL: domains first, then columns, then checks."""
    domain = _domain(column, schema)
    if domain is not None and domain.not_null:
        return "23502", f"domain {domain.ref.name} does not allow null values"
    if column.not_null:
        relation = f'relation "{table.ref.name}"'
        return "23502", f'null value in column "{column.name}" of {relation} violates not-null constraint'
    for one in sorted(table.constraints, key=lambda constraint: constraint.name):
        if (
            one.kind is ConstraintKind.CHECK
            and one.enforced
            and one.expression is not None
            and column.name in one.columns
            and proves_not_null(one.expression, column.name)
        ):
            return "23514", f'new row for relation "{table.ref.name}" violates check constraint "{one.name}"'
    return None


def _domain(column: Column, schema: Schema) -> Domain | None:
    if column.type is None or column.type.array:
        return None
    found = schema.types.get(schema.resolve_type(column.type.schema, column.type.name))
    return found if isinstance(found, Domain) else None


def _insertion(insertion: Insertion, table: Table, schema: Schema) -> Iterator[Problem]:
    filled = set(insertion.columns)
    if insertion.how is How.POSITIONAL and insertion.width is None:
        return
    filled_by_trigger = any(
        one.enabled and one.timing == "before" and one.row and "insert" in one.events for one in table.triggers
    )
    for column in table.columns:
        refused = _refused_null(column, table, schema)
        if column.name in filled or refused is None or not is_required(column, table, schema):
            continue
        sqlstate, message = refused
        yield Problem(
            sqlstate=sqlstate,
            message=message,
            offset=insertion.offset,
            certain=not filled_by_trigger,
            object=table.ref,
            name=column.name,
            through=insertion.through,
        )


def _written(written: Written, column: Column, table: Table, schema: Schema, *, may_be_null: bool) -> Iterator[Problem]:
    is_default = "SetToDefault" in written.value
    always = column.identity is not None and column.identity.always
    if (column.generated is not None or always) and written.value and not is_default:
        verb = "insert a non-DEFAULT value into" if written.action is Action.INSERTS else "update"
        shown = f'cannot {verb} column "{column.name}"'
        if verb == "update":
            shown = f'column "{column.name}" can only be updated to DEFAULT'
        yield _problem(written, table, column, "428C9", shown, certain=True)
        return
    refused = _refused_null(column, table, schema)
    if refused is None:
        return
    if is_default:
        if is_required(column, table, schema):
            yield _problem(written, table, column, *refused, certain=True)
    elif written.value and is_null_constant(Expression(node=written.value)):
        yield _problem(written, table, column, *refused, certain=True)
    elif not written.value or may_be_null:
        yield _problem(written, table, column, *refused, certain=False)


def _never_null_columns(resolution: Resolution, schema: Schema) -> frozenset[str]:
    """The names that no column of the query's tables has that can be NULL."""
    named: dict[str, bool] = {}
    for ref in resolution.relations:
        table = schema.table(ref)
        for column in table.columns if table is not None else ():
            named[column.name] = named.get(column.name, True) and column.not_null
    return frozenset(name for name, never in named.items() if never)


def _problem(written: Written, table: Table, column: Column, sqlstate: str, message: str, *, certain: bool) -> Problem:
    return Problem(
        sqlstate=sqlstate,
        message=message,
        offset=written.offset,
        certain=certain,
        object=table.ref,
        name=column.name,
    )


# --- publications -----------------------------------------------------------------------------------------------------


def _unpublishable(resolution: Resolution, schema: Schema) -> Iterator[Problem]:
    """UPDATE and DELETE of a published table whose rows PostgreSQL cannot tell apart for the subscribers."""
    inserted = {one.relation for one in resolution.insertions}
    for use in resolution.uses if len(schema.publications) > 0 else ():
        table = schema.table(use.object) if use.object is not None else None
        found = refusal(schema, table) if table is not None and use.action in _CHANGES else None
        if table is None or found is None or (use.kind is not ObjectKind.TABLE and table.ref not in inserted):
            continue
        verb, noun = _CHANGES[use.action]
        why = f" because it does not have a replica identity and publishes {noun}" if found.column is None else ""
        yield Problem(
            sqlstate="55000" if found.column is None else "42P10",
            message=f'cannot {verb} table "{table.ref.name}"{why}',
            offset=use.offset,
            certain=use.kind is ObjectKind.TABLE and use.through is None,
            object=table.ref,
            through=use.through,
        )
