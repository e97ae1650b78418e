"""What a DROP takes along: the difference between two schemas, around the objects that were meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from migrasafe.schema.added import different
from migrasafe.schema.model import Index, Moment, Policy, Ref, Schema, Table, Trigger, View


class Lost(Struct, frozen=True, kw_only=True):
    """An object that is gone though nobody named it."""

    kind: str
    """`table`, `view`, `column`, `default`, `foreign key`, `constraint`, `trigger`, `policy`, `index`, `function`, `type` …"""
    name: str
    """`orders_customer_id_fkey of orders`, `recent_orders`."""
    relation: Ref
    """The object itself, or the table that it belonged to."""
    born: Moment | None = None
    unique: bool = False
    """Of a constraint or index: it kept duplicates out."""

    @property
    def shown(self) -> str:
        """`the view recent_orders`, `the default of orders.id`."""
        return f"the {self.kind} of {self.name}" if self.kind == "default" else f"the {self.kind} {self.name}"


def lost_with(before: Schema, after: Schema, dropped: Iterable[Ref]) -> tuple[Lost, ...]:
    """Everything that depended on the dropped relations, types, functions or schemas' objects and is gone or has lost a
    part; what belongs to a dropped table or column itself, such as its indexes and serial sequences, is left out."""
    meant = list(dict.fromkeys(dropped))
    seen = set(meant)
    found: list[Lost] = []
    queue = list(meant)
    while queue:
        ref = queue.pop(0)
        for dependent in sorted(before.dependents_of(ref)):
            if dependent in seen:
                continue
            seen.add(dependent)
            changes = list(_changes(before, after, dependent))
            found.extend(changes)
            if changes or (before.relation(dependent) is not None and after.relation(dependent) is None):
                queue.append(dependent)
    return tuple(found)


def _changes(before: Schema, after: Schema, ref: Ref) -> Iterator[Lost]:
    old, new = before.relation(ref), after.relation(ref)
    if isinstance(old, Table):
        if isinstance(new, Table):
            yield from parts_lost(old, new)
        else:
            yield Lost(kind="table", name=ref.name, relation=ref, born=old.born)
    elif isinstance(old, View) and new is None:
        yield Lost(kind=old.kind.value, name=ref.name, relation=ref, born=old.born)
    elif isinstance(old, Index) and new is None and after.relation(old.table) is not None:
        yield Lost(kind="index", name=ref.name, relation=old.table, born=old.born, unique=old.unique)
    type_before = before.types.get(ref)
    if type_before is not None and after.types.get(ref) is None:
        yield Lost(kind="type", name=ref.name, relation=ref, born=type_before.born)
    functions = before.functions.get(ref, ())
    if len(after.functions.get(ref, ())) < len(functions):
        yield Lost(kind="function", name=ref.name, relation=ref, born=functions[0].born)


def parts_lost(old: Table, new: Table) -> Iterator[Lost]:
    """Columns, defaults, constraints, triggers and policies that the table had before."""
    table = old.ref.name
    gone, made = different(old.columns, new.columns)
    columns = {one.name: one for one in made}
    for column in gone:
        now = columns.get(column.name)
        if now is None:
            yield _part("column", f"{table}.{column.name}", old.ref, column.born)
        elif column.default is not None and now.default is None:
            yield _part("default", f"{table}.{column.name}", old.ref, column.born)
    gone_constraints, made_constraints = different(old.constraints, new.constraints)
    names = {one.name for one in made_constraints}
    for constraint in gone_constraints:
        if constraint.name not in names:
            kind = "foreign key" if constraint.target is not None else "constraint"
            yield Lost(
                kind=kind,
                name=f"{constraint.name} of {table}",
                relation=old.ref,
                born=constraint.born,
                unique=constraint.index is not None,
            )
    others: tuple[tuple[str, Sequence[Trigger | Policy], Sequence[Trigger | Policy]], ...] = (
        ("trigger", old.triggers, new.triggers),
        ("policy", old.policies, new.policies),
    )
    for kind, parts, left in others:
        gone_parts, made_parts = different(parts, left)
        names = {one.name for one in made_parts}
        yield from (
            _part(kind, f"{part.name} of {table}", old.ref, part.born) for part in gone_parts if part.name not in names
        )


def _part(kind: str, name: str, ref: Ref, born: Moment) -> Lost:
    return Lost(kind=kind, name=name, relation=ref, born=born)
