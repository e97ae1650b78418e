"""Views over a column that is swapped under its own name: dropped before, and created again as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.objects.view_again import view_again
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, RelationKind, View


class Recreated(Struct, frozen=True, kw_only=True):
    """Around a swap, there as well as back: the names are the same before and after it."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = ()


def recreated_views(
    ground: Ground,
    columns: Sequence[ColumnRef],
    *,
    without: frozenset[Ref] = frozenset(),
    instead: Sequence[View] = (),
) -> Recreated:
    """Every view that reads one of the columns, and every view over those. Raises NoPlanError for what cannot be made again.

    `without`: views that something else takes care of; `instead`: those that are another one of their name afterwards.
    """
    other = {view.ref: view for view in instead}
    views = list(_in_order(ground, columns, without))
    return Recreated(
        before=tuple(f"DROP VIEW {name_of(view.ref)}" for view in reversed(views)),
        after=tuple(statement for view in views for statement in _create(ground, other.get(view.ref, view))),
        refs=tuple(view.ref for view in views),
    )


def _reads(view: View, column: ColumnRef) -> bool:
    read = {one.column for one in view.reads if one.relation == column.relation}
    return column.column in read or read == {None}  # None alone: which columns it reads is not known


def _in_order(ground: Ground, columns: Sequence[ColumnRef], without: frozenset[Ref]) -> Iterator[View]:
    """Each view behind those that it reads."""
    schema = ground.schema
    wanted: dict[Ref, View] = {}
    waiting = [ref for column in columns for ref in sorted(schema.dependents_of(column.relation))]
    while waiting:
        ref = waiting.pop()
        view = schema.view(ref)
        if view is None or ref in wanted or ref in without:
            continue
        direct = any(_reads(view, one) for one in columns)
        if not direct and not any(one.relation in wanted for one in view.reads):
            continue
        wanted[ref] = view
        waiting += sorted(schema.dependents_of(ref))
    done: set[Ref] = set()
    while len(done) < len(wanted):
        for ref, view in sorted(wanted.items()):
            if ref not in done and not {one.relation for one in view.reads} & (wanted.keys() - done - {ref}):
                done.add(ref)
                yield view


def _create(ground: Ground, view: View) -> Iterator[str]:
    if view.kind is not RelationKind.VIEW:
        raise NoPlanError(
            f"the materialized view {view.ref} reads the column, and would be built while nobody can use the table: drop it, and"
            " create it after the change, in migrations of their own"
        )
    yield from view_again(ground, view)
