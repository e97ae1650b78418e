"""Changes of one migration that cannot be planned side by side: one gives a column up, the other counts on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from migrasafe.plan.changes.add_column import AddColumn
from migrasafe.plan.changes.add_constraint import AddConstraint
from migrasafe.plan.changes.add_unique import AddUnique
from migrasafe.plan.changes.change_default import ChangeDefault
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.drop_column import DropColumn
from migrasafe.plan.changes.drop_not_null import DropNotNull
from migrasafe.plan.changes.drop_table import DropTable
from migrasafe.plan.changes.drop_view import DropView
from migrasafe.plan.changes.indexes import AddIndex
from migrasafe.plan.changes.insert_rows import InsertRows
from migrasafe.plan.changes.model import Change, Ground, NoPlanError
from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.changes.rename_table import RenameTable
from migrasafe.plan.changes.rename_view import RenameView
from migrasafe.plan.changes.replace_check import ReplaceCheck
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.plan.changes.replace_foreign_key import ReplaceForeignKey
from migrasafe.plan.changes.replace_index import ReplaceIndex
from migrasafe.plan.changes.replace_key import ReplaceKey
from migrasafe.plan.changes.replace_materialized_view import ReplaceMaterializedView
from migrasafe.plan.changes.replace_view import ReplaceView
from migrasafe.plan.changes.set_not_null import SetNotNull
from migrasafe.plan.changes.update_rows import UpdateRows
from migrasafe.plan.read.changes import Wanted
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.expressions import columns_read

_ALL = "*"
"""The table as a whole."""


def refuse_conflicts(wanted: Sequence[Wanted], ground: Ground) -> None:
    """Raise NoPlanError where a column, or a table, is replaced or dropped by one change and another is about it, too."""
    for place, one in enumerate(wanted):
        given_up = set(_given_up(one.change, one.before))
        for other in (*wanted[:place], *wanted[place + 1 :]):
            if _fits_in(one, other, ground):
                continue
            for table, column in sorted(given_up & set(_counted_on(other.change, other.before)), key=str):
                what = str(table) if column == _ALL else f"{table}.{column}"
                raise NoPlanError(
                    f"two changes of the migration are about {what}, and one of them puts something else in its place: plan"
                    " them one after the other, from two migrations"
                )


def _fits_in(one: Wanted, other: Wanted, ground: Ground) -> bool:
    """Whether the other change counts on a column under its new name only, and finds it there from the first phase on."""
    match one.change, other.change:
        case RenameColumn() as renamed, (AddIndex() | SetNotNull()) as later:
            is_late = not isinstance(later, AddIndex) or not later.index.unique
            old = one.before.resolve(*renamed.table), renamed.column
            return (
                is_late
                and renamed.keeps_both(replace(ground, schema=one.before))
                and old not in set(_counted_on(later, other.before))
            )
        case _:
            return False


def _given_up(change: Change, schema: Schema) -> Iterator[tuple[Ref, str]]:
    """What is not there any more at the end, or is another one of that name."""
    match change:
        case RenameColumn():
            yield schema.resolve(*change.table), change.column
            yield schema.resolve(*change.table), change.new_name
        case ReplaceColumns():
            # Its new columns have their names from the first phase on: an index or a constraint over them fits in.
            for name in change.old:
                yield schema.resolve(*change.table), name
        case ChangeType() | DropColumn():
            yield schema.resolve(*change.table), change.column
        case RenameTable():
            old = schema.resolve(*change.table)
            yield old, _ALL
            yield Ref(old.schema, change.new_name), _ALL
        case DropTable():
            yield schema.resolve(*change.table), _ALL
        case ReplaceView() | ReplaceMaterializedView():
            yield change.old.ref, _ALL
        case RenameView() | DropView():
            yield change.view.ref, _ALL


def _counted_on(change: Change, schema: Schema) -> Iterator[tuple[Ref, str]]:
    """What a change is about."""
    yield from _given_up(change, schema)
    match change:
        case AddIndex():
            yield from _each(change.index.table, change.index.reads)
        case AddConstraint() | AddUnique():
            yield from _each(schema.resolve(*change.table), change.constraint.columns)
            if isinstance(change, AddConstraint) and change.constraint.target is not None:
                yield from _each(change.constraint.target, change.constraint.target_columns)
        case ReplaceKey() | ReplaceCheck() | ReplaceForeignKey():
            yield from _each(schema.resolve(*change.table), (*change.old.columns, *change.new.columns))
        case ReplaceIndex():
            yield from _each(change.old.table, change.old.reads | change.new.reads)
        case ChangeDefault() | SetNotNull() | DropNotNull():
            yield from _each(schema.resolve(*change.table), (change.column,))
        case ReplaceView() | ReplaceMaterializedView():
            yield from ((one.relation, one.column or _ALL) for one in change.new.reads)
        case UpdateRows():
            read = frozenset[str]().union(
                *(columns_read(value) for _, value in change.assignments if value is not None)
            )
            told = frozenset() if change.where is None else columns_read(change.where)
            assigned = frozenset(name for name, _ in change.assignments)
            yield from _each(schema.resolve(*change.table), assigned | read | told)
        case InsertRows():
            yield from _each(schema.resolve(*change.statement.table), change.statement.columns)
        case AddColumn():
            yield from _each(schema.resolve(*change.table), (change.column.name,))
        case RenameColumn() | ReplaceColumns() | ChangeType() | DropColumn():
            yield schema.resolve(*change.table), _ALL


def _each(table: Ref, columns: Sequence[str] | frozenset[str]) -> Iterator[tuple[Ref, str]]:
    yield from ((table, column) for column in columns)
    yield table, _ALL
