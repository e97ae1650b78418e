"""What a query that resolves can still run into on one schema: required columns, constraints, row security.

As `Problem`s: those that a migration brings or takes away are found by comparing the two schemas. A problem that depends
on the values that the app sends is not certain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from migrasafe.app.resolve import Insertion, Problem, Resolution, Written
from migrasafe.app.resolve.values import How
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Column, Constraint, Domain, Ref, Schema, Table
from migrasafe.sql.expressions import is_null_constant, proves_not_null, walk
from migrasafe.sql.functions_called import function_calls
from migrasafe.sql.statements import ConstraintKind, Expression

_MAKE_UP = frozenset({"nextval", "gen_random_uuid", "uuid_generate_v4", "uuid_generate_v1", "uuidv4", "uuidv7"})
_KEYS = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)
_SQLSTATES = {
    ConstraintKind.CHECK: "23514",
    ConstraintKind.FOREIGN_KEY: "23503",
    ConstraintKind.UNIQUE: "23505",
    ConstraintKind.PRIMARY_KEY: "23505",
    ConstraintKind.EXCLUDE: "23P01",
}


def checks(resolution: Resolution, schema: Schema) -> Iterator[Problem]:
    """Everything that can go wrong with the rows that a query writes, and with those it wants to see."""
    for insertion in resolution.insertions:
        table = schema.table(insertion.relation)
        if table is not None:
            yield from _insertion(insertion, table, schema)
    for written in resolution.writes:
        table = schema.table(written.relation)
        column = table.column(written.column) if table is not None else None
        if table is not None and column is not None:
            yield from _written(written, column, table, schema)
    yield from _constraints(resolution, schema)
    yield from _row_security(resolution, schema)


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
    domain = _domain(column, schema)
    return (
        column.not_null
        or (domain is not None and domain.not_null)
        or any(
            one.kind is ConstraintKind.CHECK
            and one.enforced
            and one.expression is not None
            and column.name in one.columns
            and proves_not_null(one.expression, column.name)
            for one in table.constraints
        )
    )


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
        if column.name in filled or not is_required(column, table, schema):
            continue
        message = f'null value in column "{column.name}" of relation "{table.ref.name}" violates not-null constraint'
        yield Problem(
            sqlstate="23502",
            message=message,
            offset=insertion.offset,
            certain=not filled_by_trigger,
            object=table.ref,
            name=column.name,
            through=insertion.through,
        )


def _written(written: Written, column: Column, table: Table, schema: Schema) -> Iterator[Problem]:
    is_default = "SetToDefault" in written.value
    always = column.identity is not None and column.identity.always
    if (column.generated is not None or always) and written.value and not is_default:
        verb = "insert a non-DEFAULT value into" if written.action is Action.INSERTS else "update"
        shown = f'cannot {verb} column "{column.name}"'
        if verb == "update":
            shown = f'column "{column.name}" can only be updated to DEFAULT'
        yield _problem(written, table, column, "428C9", shown, certain=column.generated is not None)
        return
    if not refuses_null(column, table, schema):
        return
    message = f'null value in column "{column.name}" of relation "{table.ref.name}" violates not-null constraint'
    if is_default:
        if is_required(column, table, schema):
            yield _problem(written, table, column, "23502", message, certain=True)
    elif written.value and is_null_constant(Expression(node=written.value)):
        yield _problem(written, table, column, "23502", message, certain=True)
    elif not written.value or any(kind == "ParamRef" for kind, _ in walk(written.value)):
        yield _problem(written, table, column, "23502", message, certain=False)


def _problem(written: Written, table: Table, column: Column, sqlstate: str, message: str, *, certain: bool) -> Problem:
    return Problem(
        sqlstate=sqlstate,
        message=message,
        offset=written.offset,
        certain=certain,
        object=table.ref,
        name=column.name,
    )


# --- constraints ------------------------------------------------------------------------------------------------------


def _constraints(resolution: Resolution, schema: Schema) -> Iterator[Problem]:
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
            if constraint.kind in _KEYS and (ref in tolerant or (ref, constraint.columns) in upserted):
                continue
            yield Problem(
                sqlstate=sqlstate,
                message=_message(constraint, table),
                offset=offset,
                certain=False,
                object=ref,
                name=constraint.name,
                detail=_definition(constraint),
            )
    for use in resolution.uses:
        if use.action is Action.DELETES and use.kind is ObjectKind.TABLE and use.object is not None:
            yield from _referenced(use.object, use.offset, schema)


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
    serial = column.type is not None and column.type.name in ("serial", "bigserial", "smallserial")
    return serial or any(call.name in _MAKE_UP for call in calls)


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
    node = _without_places(constraint.expression.node) if constraint.expression is not None else None
    kind = "unique" if constraint.kind in _KEYS else constraint.kind.value
    columns = sorted(constraint.columns)
    return json.dumps([kind, columns, node, constraint.target, list(constraint.target_columns)], sort_keys=True)


def _without_places(node: object) -> object:
    if isinstance(node, list):
        return [_without_places(one) for one in node]
    if isinstance(node, dict):
        return {key: _without_places(one) for key, one in node.items() if "location" not in key}
    return node


def _referenced(ref: Ref, offset: int, schema: Schema) -> Iterator[Problem]:
    """Foreign keys that keep rows of the table from being deleted."""
    for other in schema.dependents_of(ref):
        table = schema.table(other)
        for constraint in table.constraints if table is not None else ():
            if constraint.kind is not ConstraintKind.FOREIGN_KEY or constraint.target != ref or table is None:
                continue
            on_delete = constraint.references.on_delete if constraint.references is not None else ""
            if on_delete in ("cascade", "set null", "set default") or not constraint.enforced:
                continue
            message = (
                f'update or delete on table "{ref.name}" violates foreign key constraint "{constraint.name}" on table '
                f'"{table.ref.name}"'
            )
            detail = f"{table.ref} {_definition(constraint)}"
            yield Problem(
                sqlstate="23503",
                message=message,
                offset=offset,
                certain=False,
                object=ref,
                name=constraint.name,
                detail=detail,
                by=table.ref,
            )


# --- row security -----------------------------------------------------------------------------------------------------


def _row_security(resolution: Resolution, schema: Schema) -> Iterator[Problem]:
    for use in resolution.uses:
        table = schema.table(use.object) if use.kind is ObjectKind.TABLE and use.object is not None else None
        if table is None or not table.row_security:
            continue
        policies = ", ".join(sorted(policy.name for policy in table.policies)) or "no policy, which hides every row"
        yield Problem(
            sqlstate="42501",
            message=f'row-level security of "{table.ref.name}" decides which rows are seen and written ({policies})',
            offset=use.offset,
            certain=False,
            object=table.ref,
        )
