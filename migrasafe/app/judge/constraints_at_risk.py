"""The constraints that rows of a query can violate: keys, checks, foreign keys on both of their sides."""

from __future__ import annotations

import json
from collections.abc import Iterator

from migrasafe.app.judge.constants import meets
from migrasafe.app.resolve import Problem, Resolution
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Column, Constraint, Ref, Schema, Table
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.expressions import without_places
from migrasafe.sql.statements import ConstraintKind

_MAKE_UP = frozenset({"nextval", "gen_random_uuid", "uuid_generate_v4", "uuid_generate_v1", "uuidv4", "uuidv7"})
_TAKES_CARE = ("CASCADE", "SET NULL", "SET DEFAULT")
"""What a FOREIGN KEY does about rows that refer to a deleted one, instead of refusing the deletion."""
_KEYS = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)
_SQLSTATES = {
    ConstraintKind.CHECK: "23514",
    ConstraintKind.FOREIGN_KEY: "23503",
    ConstraintKind.UNIQUE: "23505",
    ConstraintKind.PRIMARY_KEY: "23505",
    ConstraintKind.EXCLUDE: "23P01",
}


def constraints_at_risk(resolution: Resolution, schema: Schema) -> Iterator[Problem]:
    """The constraints of the tables that a query writes to, and the foreign keys to rows that it deletes."""
    tolerant = {one.relation for one in resolution.insertions if one.do_nothing}
    upserted = {(one.relation, one.conflict_columns) for one in resolution.insertions if one.conflict_columns}
    inserted = {one.relation for one in resolution.insertions}
    for ref, (offset, columns) in _rows_written(resolution).items():
        table = schema.table(ref)
        if table is None:
            continue
        for constraint in _all_constraints(table, schema):
            touched = _can_violate(constraint, table, columns, is_new=ref in inserted)
            sqlstate = _SQLSTATES.get(constraint.kind)
            if sqlstate is None or not constraint.enforced or not touched:
                continue
            certain = False
            if constraint.kind is ConstraintKind.CHECK:
                met = _is_met(constraint, table, resolution)
                if met:
                    continue
                certain = met is False
            if constraint.kind in _KEYS and (ref in tolerant or (ref, tuple(sorted(constraint.columns))) in upserted):
                continue
            yield Problem(
                sqlstate=sqlstate,
                message=_message(constraint, table),
                offset=offset,
                certain=certain,
                object=ref,
                name=constraint.name,
                detail=_definition(constraint),
            )
    for use in resolution.uses:
        if use.action is Action.DELETES and use.kind is ObjectKind.TABLE and use.object is not None:
            yield from _referenced(use.object, use.offset, schema)


def _is_met(constraint: Constraint, table: Table, resolution: Resolution) -> bool | None:
    """Whether every constant that a query writes passes a CHECK of one column; None where that is not known."""
    if constraint.expression is None or len(set(constraint.columns)) != 1:
        return None
    column = table.column(constraint.columns[0])
    if column is None or (column.type is not None and column.type.name in ("bpchar", "citext")):
        return None
    values = [one.value for one in resolution.writes if (one.relation, one.column) == (table.ref, column.name)]
    left_out = any(one.relation == table.ref and column.name not in one.columns for one in resolution.insertions)
    if left_out and column.default is not None:
        values.append(column.default.node)
    found = [meets(constraint.expression, column.name, value) for value in values]
    return False if False in found else None if None in found else True


def _rows_written(resolution: Resolution) -> dict[Ref, tuple[int, frozenset[str]]]:
    """Table → the place of the first write to it, and the columns that are written."""
    found: dict[Ref, tuple[int, frozenset[str]]] = {}
    for written in resolution.writes:
        if written.action is Action.WRITES:
            offset, columns = found.get(written.relation, (written.offset, frozenset[str]()))
            found[written.relation] = (offset, columns | {written.column})
    for insertion in resolution.insertions:
        offset, columns = found.get(insertion.relation, (insertion.offset, frozenset[str]()))
        found[insertion.relation] = (insertion.offset, columns | set(insertion.columns))
    return found


def _can_violate(constraint: Constraint, table: Table, written: frozenset[str], *, is_new: bool) -> bool:
    """Whether values for these columns can violate the constraint. NULL, which a column has that an INSERT leaves out and
    that has no default, violates no key; what PostgreSQL makes up itself is unique."""
    if not is_new:
        return not constraint.columns or not written.isdisjoint(constraint.columns)
    if constraint.kind is ConstraintKind.CHECK:
        filled = {column.name for column in table.columns if column.default is not None}
        return not constraint.columns or not (written | filled).isdisjoint(constraint.columns)
    if constraint.kind in _KEYS and any(_is_made_up(table.column(name)) for name in {*constraint.columns} - written):
        return False
    defaults = {column.name for column in table.columns if column.default is not None or column.identity is not None}
    return (written | defaults).issuperset(constraint.columns)


def _is_made_up(column: Column | None) -> bool:
    """From a sequence, or random."""
    if column is None or column.identity is not None:
        return True
    calls = function_calls(column.default.node) if column.default is not None else ()
    return any(call.name in _MAKE_UP for call in calls)


def _all_constraints(table: Table, schema: Schema) -> Iterator[Constraint]:
    owned = {constraint.name for constraint in table.constraints}
    yield from table.constraints
    for index in schema.indexes_of(table):
        if index.unique and index.ref.name not in owned and index.constraint is None:
            columns = tuple(sorted(index.reads))
            yield Constraint(
                name=index.ref.name, kind=ConstraintKind.UNIQUE, columns=columns, expression=index.predicate
            )


def _message(constraint: Constraint, table: Table) -> str:
    match constraint.kind:
        case ConstraintKind.CHECK:
            return f'new row for relation "{table.ref.name}" violates check constraint "{constraint.name}"'
        case ConstraintKind.FOREIGN_KEY:
            return f'insert or update on table "{table.ref.name}" violates foreign key constraint "{constraint.name}"'
        case ConstraintKind.EXCLUDE:
            return f'conflicting key value violates exclusion constraint "{constraint.name}"'
    return f'duplicate key value violates unique constraint "{constraint.name}"'


def _definition(constraint: Constraint) -> str:
    """What the constraint demands, without its name."""
    node = without_places(constraint.expression.node) if constraint.expression is not None else None
    kind = "unique" if constraint.kind in _KEYS else constraint.kind.value
    columns = sorted(constraint.columns)
    return json.dumps([kind, columns, node, constraint.target, list(constraint.target_columns)], sort_keys=True)


def _referenced(ref: Ref, offset: int, schema: Schema) -> Iterator[Problem]:
    """Foreign keys that keep rows of the table from being deleted."""
    for other in schema.dependents_of(ref):
        table = schema.table(other)
        if table is None:
            continue
        for constraint in table.constraints:
            if constraint.target != ref or not constraint.enforced:
                continue
            if constraint.references is not None and constraint.references.on_delete in _TAKES_CARE:
                continue
            message = (
                f'update or delete on table "{ref.name}" violates foreign key constraint "{constraint.name}" on table '
                f'"{table.ref.name}"'
            )
            yield Problem(
                sqlstate="23503",
                message=message,
                offset=offset,
                certain=False,
                object=ref,
                name=constraint.name,
                detail=f"{table.ref} {_definition(constraint)}",
                by=table.ref,
            )
