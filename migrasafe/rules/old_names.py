"""Whether what had a name before the transaction can still be used under it afterwards: through a view, or made anew."""

from __future__ import annotations

from migrasafe.rules.context import Step
from migrasafe.schema.model import EnumType, Function, Ref, RelationKind, Schema, Table, View
from migrasafe.sql.statements import CreateTrigger, Drop, Query, Rename, Statement, Transaction


def columns_of(relation: Table | View) -> tuple[str, ...]:
    return tuple(one.name for one in relation.columns) if isinstance(relation, Table) else relation.columns


def stands_in(step: Step, ref: Ref) -> Table | View | None:
    """The relation that has the name at the end of the transaction, of a table or view that loses it in this statement."""
    then = step.at_commit().relation(ref)
    return then if isinstance(then, (Table, View)) else None


def missing_columns(step: Step, before: Table | View | None, after: Table | View) -> tuple[str, ...]:
    """The columns that the app knows and the stand-in does not have; none where not all columns of both are known."""
    if before is None or not before.complete or not after.complete:
        return ()
    there = set(columns_of(after))
    return tuple(name for name in _columns_before(step, before) if name not in there)


def _columns_before(step: Step, relation: Table | View) -> tuple[str, ...]:
    """The columns of a relation under the names that they had when the transaction began."""
    new = (
        {one.name for one in relation.columns if one.born.migration == step.moment.migration}
        if isinstance(relation, Table)
        else set()
    )
    names = {name: name for name in columns_of(relation) if name not in new}
    for earlier in _earlier_in_transaction(step):
        if (
            isinstance(earlier, Rename)
            and earlier.kind == "COLUMN"
            and step.situation.ref(earlier.name) == relation.ref
        ):
            for now, old in names.items():
                if old == earlier.new_name and earlier.part is not None:
                    names[now] = earlier.part
    return tuple(names.values())


def is_swapped_in(step: Step, new: Ref) -> bool:
    """Whether another table had to give up this name before, in the same transaction: the app knows that one."""
    return any(
        (isinstance(earlier, Rename) and earlier.kind == "TABLE" and earlier.name.name == new.name)
        or (isinstance(earlier, Drop) and any(one.name.name == new.name for one in earlier.objects))
        for earlier in _earlier_in_transaction(step)
    )


def renamed_here(step: Step, kind: str, name: str) -> bool:
    """Whether the object got this name in the same transaction: the app knows it under another one."""
    return any(
        isinstance(earlier, Rename) and earlier.kind == kind and earlier.new_name == name
        for earlier in _earlier_in_transaction(step)
    )


def name_before(step: Step, ref: Ref) -> Ref:
    """The name that the relation had when the transaction began."""
    for earlier in _earlier_in_transaction(step):
        if isinstance(earlier, Rename) and earlier.kind in ("TABLE", "VIEW") and earlier.new_name == ref.name:
            ref = Ref(ref.schema, earlier.name.name)
    return ref


def _earlier_in_transaction(step: Step) -> list[Statement]:
    """The statements before this one in its transaction, the last one first."""
    if not step.in_transaction:
        return []
    found: list[Statement] = []
    for earlier in reversed(step.script.statements[: step.number]):
        if isinstance(earlier, Transaction) and earlier.verb in ("commit", "rollback"):
            break
        found.append(earlier)
    return found


def view_has_column(step: Step, ref: Ref, column: str) -> bool:
    """Whether a view under the old name of the table, or its name now, gives a column of that name at the end."""
    for name in {ref, name_before(step, ref)}:
        relation = step.at_commit().relation(name)
        if isinstance(relation, View) and relation.kind is RelationKind.VIEW and column in relation.columns:
            return True
    return False


def takes_writes(step: Step, view: View) -> bool:
    """Whether INSERT, UPDATE and DELETE go through the view: by its form, or by a trigger that this migration makes.

    https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS
    """
    if view.kind is not RelationKind.VIEW:
        return False
    if view.query is None or _is_updatable(view.query):
        return True
    return any(
        isinstance(later, CreateTrigger)
        and later.timing == "instead of"
        and step.situation.ref(later.table) == view.ref
        for later in step.until_commit()
    )


_NOT_UPDATABLE = ("distinctClause", "groupClause", "havingClause", "limitCount", "limitOffset", "withClause", "larg")


def _is_updatable(query: Query) -> bool:
    select = query.node.get("SelectStmt", {})
    sources = select.get("fromClause", [])
    if len(sources) != 1 or "RangeVar" not in sources[0] or any(key in select for key in _NOT_UPDATABLE):
        return False
    values = [target.get("ResTarget", {}).get("val", {}) for target in select.get("targetList", [])]
    return not any("over" in value.get("FuncCall", {}) for value in values)


def lost_labels(before: EnumType, schema: Schema) -> tuple[str, ...]:
    """The labels that the enum of this name no longer has; all of them where there is no such enum."""
    after = schema.types.get(before.ref)
    if not isinstance(after, EnumType):
        return before.labels
    return tuple(label for label in before.labels if label not in after.labels)


def answers_calls_of(old: Function, new: Function) -> bool:
    """Whether a call of the old function finds the new one: the same arguments, or more that have defaults."""
    before = [one for one in old.arguments if one.is_input]
    after = [one for one in new.arguments if one.is_input]
    if len(after) < len(before) or any(one.default is None for one in after[len(before) :]):
        return False
    same = all((a.type.name, a.type.array) == (b.type.name, b.type.array) for a, b in zip(before, after, strict=False))
    return same and (old.returns is None or new.returns is None or old.returns.name == new.returns.name)
