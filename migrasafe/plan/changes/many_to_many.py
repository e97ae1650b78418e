"""A column that refers to one row becomes a table of links to several: what was 1:N is N:M."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside
from migrasafe.plan.carry_over.in_the_way import readers_in_the_way
from migrasafe.plan.carry_over.unseen import bodies_that_name, triggers_that_say
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.linked import (
    Linked,
    all_there,
    drop_linked_sql,
    functions_sql,
    lock_both,
    touch,
    write_linked,
)
from migrasafe.plan.model import Phase, Step
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import ColumnRef, Constraint, Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name


class ManyToMany(Struct, frozen=True, kw_only=True):
    table: Name
    columns: tuple[str, ...]
    """Those that go: of the foreign key, without what the table needs otherwise."""
    link: Name

    def plan(self, ground: Ground) -> Draft:
        """Column and links kept in step by triggers until the old version is gone. Raises NoPlanError."""
        table, link = table_of(ground, self.table), table_of(ground, self.link)
        linked = _linked(ground, table, link, self.columns)
        for reason in _in_the_way(ground, table, self.columns):
            raise NoPlanError(f"{table.ref}.{names(self.columns)} cannot become links yet: {reason}")
        was = f"{table.ref.name}.{names(self.columns)}"
        return Draft(
            title=f"let {table.ref}.{names(self.columns)} be links in {link.ref}",
            tables=(table.ref, link.ref),
            phases=tuple(self._phases(ground, table, link, linked, was)),
            why=(
                f"the old version sees one row of {linked.target} for each of {table.ref}: of several it goes on seeing the one"
                " that it has seen, as long as that is linked, and then the one with the smallest key",
                f"what it writes into {was} takes the place of the one that it sees, and leaves other links alone; null takes all",
            ),
            by_hand=tuple(_by_hand(ground, table, link, linked, was)),
            names_gone=tuple(ColumnRef(table.ref, one) for one in self.columns),
        )

    def _phases(self, ground: Ground, table: Table, link: Table, linked: Linked, was: str) -> Iterator[Phase]:
        over = f"({predicates.columns_are_gone(table.ref, *self.columns, *_dropped(self.columns).values())})"
        nullable = [one for one in self.columns if column_of(table, one).not_null]
        null = ", in which it may find null where a row has no link any more" if nullable else ""
        yield from phases.both_ways(
            was,
            str(link.ref),
            steps.superseded((write_linked(linked), *(_may_be_null(table.ref, one) for one in nullable)), over),
            f"The rows from before are touched, in batches, and get their links in {link.ref}",
            touch(linked),
            all_there(linked),
            old_reads=null,
        )
        yield phases.contract(
            f"{was} goes: out of sight first, for good when nobody has missed it",
            f"reads and writes {link.ref}",
            (_soft(linked, over), _hard(linked, over)),
            needed=was,
            old_application_name=ground.old_application_name,
            gates=triggers_that_say(ground.schema, table, list(self.columns)),
        )


def _linked(ground: Ground, table: Table, link: Table, columns: tuple[str, ...]) -> Linked:
    """How the rows belong together. Raises NoPlanError where the foreign keys do not say it."""
    for one in columns:
        column_of(table, one)
    old = next((one for one in table.constraints if one.target and set(columns) <= set(one.columns)), None)
    if old is None or old.target is None:
        raise NoPlanError(f"{table.ref}.{names(columns)} has no foreign key: nothing tells what it refers to")
    own = next((one for one in link.constraints if one.target == table.ref), None)
    others = [one for one in link.constraints if one.target == old.target and one is not own]
    if own is None or not others:
        raise NoPlanError(f"{link.ref} needs a foreign key to {table.ref}, and one to {old.target}")
    other = others[0]
    if set(other.target_columns) != set(old.target_columns):
        raise NoPlanError(
            f"{other.name} of {link.ref} and {old.name} of {table.ref} refer to other columns of {old.target}"
        )
    for key in (own, other):
        _refuse_without_cascade(link, key, old)
    there = dict(zip(other.target_columns, other.columns, strict=True))
    refers = tuple((here, there[to], to) for here, to in zip(old.columns, old.target_columns, strict=True))
    keyed = {*own.columns, *other.columns}
    unique = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    if not any(one.kind in unique and set(one.columns) == keyed for one in link.constraints):
        raise NoPlanError(
            f"{link.ref} needs a primary key, or UNIQUE, over {names(sorted(keyed))}: a link is there once"
        )
    for column in link.columns:
        if column.name not in keyed and column.not_null and column.default is None and column.identity is None:
            raise NoPlanError(
                f"{link.ref}.{column.name} is NOT NULL without a default, and triggers make links: give it a default first"
            )
    return Linked(
        id=ground.id,
        table=table.ref,
        link=link.ref,
        target=old.target,
        own=tuple(zip(own.target_columns, own.columns, strict=True)),
        refers=refers,
        going=columns,
        search_path=ground.schema.search_path,
    )


def _refuse_without_cascade(link: Table, one: Constraint, old: Constraint) -> None:
    action = one.references.on_delete if one.references is not None else "NO ACTION"
    before = old.references.on_delete if old.references is not None else "NO ACTION"
    if action != "CASCADE" and (one.target != old.target or before not in ("NO ACTION", "RESTRICT")):
        raise NoPlanError(
            f"{one.name} of {link.ref} has to be ON DELETE CASCADE: a version that knows no links has to be able to delete rows of"
            f" {one.target}"
        )


def _in_the_way(ground: Ground, table: Table, columns: tuple[str, ...]) -> Iterator[str]:
    going = set(columns)
    key = table.primary_key
    if key is None:
        yield "the table has no primary key that is known"
    elif going & set(key.columns):
        yield "it is in the primary key"
    for one in table.columns:
        if one.name in going and (one.identity is not None or one.generated is not None):
            yield "PostgreSQL fills it itself"
    yield from readers_in_the_way(ground.schema, table, columns)


def _may_be_null(table: Ref, column: str) -> Step:
    alter = f"ALTER TABLE {name_of(table)} ALTER COLUMN {quote_ident(column)}"
    return Step(
        title=f"Let {column} be null: the new version does not write it",
        statements=(f"{alter} DROP NOT NULL",),
        done=predicates.not_(predicates.column_is_not_null(table, column)),
        undo=(f"{alter} SET NOT NULL",),
    )


def _dropped(columns: tuple[str, ...]) -> dict[str, str]:
    return {one: name_aside(one) for one in columns}


def _aside(linked: Linked) -> Linked:
    """The same, with the columns that go under other names."""
    now = _dropped(linked.going)
    return replace(
        linked,
        refers=tuple((now.get(here, here), link, there) for here, link, there in linked.refers),
        going=tuple(now.values()),
    )


def _soft(linked: Linked, over: str) -> Step:
    """Out of sight, and still kept in step: the way back loses nothing."""
    dropped, table = _dropped(linked.going), linked.table
    rename = f"ALTER TABLE {name_of(table)} RENAME COLUMN"
    return Step(
        title=f"Take {', '.join(dropped)} out of sight; kept up to date as {', '.join(dropped.values())}",
        statements=(
            lock_both(linked),
            *(f"{rename} {quote_ident(was)} TO {quote_ident(now)}" for was, now in dropped.items()),
            *functions_sql(_aside(linked)),
        ),
        done=predicates.columns_are_gone(table, *dropped),
        past=over,
        undo=(
            lock_both(linked),
            *(f"{rename} {quote_ident(now)} TO {quote_ident(was)}" for was, now in dropped.items()),
            *functions_sql(linked),
        ),
        undoable=predicates.all_of(*(predicates.column_exists(table, one) for one in dropped.values())),
    )


def _hard(linked: Linked, over: str) -> Step:
    dropped = _dropped(linked.going)
    drops = ", ".join(f"DROP COLUMN {quote_ident(one)}" for one in dropped.values())
    return Step(
        title=f"Drop {', '.join(dropped.values())} for good",
        statements=(*drop_linked_sql(linked), f"ALTER TABLE {name_of(linked.table)} {drops}"),
        done=over,
        loses=f"{', '.join(dropped)} of {linked.table}: from here on the way back is a plan of its own",
    )


def _by_hand(ground: Ground, table: Table, link: Table, linked: Linked, was: str) -> Iterator[str]:
    yield (
        f"until the old version has ended, it shows one of several: let the new one add a second link only where that hurts nobody;"
        f" how many rows have several: SELECT count(*) FROM (SELECT FROM {name_of(link.ref)} GROUP BY"
        f" {', '.join(quote_ident(one) for _, one in linked.own)} HAVING count(*) > 1) AS several"
    )
    if any(column_of(table, one).not_null for one in linked.going):
        yield (
            f"{was} is nullable from the dual-write phase on: a new version that leaves a row without a link shows null to the old"
            " one, which may not expect it"
        )
    yield (
        f"whether a row of {linked.target} may be deleted, and what becomes of {table.ref} then, the old foreign key says, too, until"
        f" {was} is gone"
    )
    yield (
        f"two transactions that write {link.ref} first, and {table.ref} first, lock the same two rows in turns: one of them is told"
        " of a deadlock (40P01), and has to be tried again"
    )
    yield f"TRUNCATE, and session_replication_role = replica, go past the triggers: {table.ref} and {link.ref} differ then"
    moved = set(linked.going)
    for index in ground.schema.indexes_of(table):
        if moved & index.reads:
            yield f"the index {index.ref.name} goes with {was}"
    first = [one for _, one, _ in linked.refers]
    if not any(index.elements[0].column == first[0] for index in ground.schema.indexes_of(link)):
        yield (
            f"no index of {link.ref} begins with {first[0]}: who asks for all of one row of {linked.target}, and who deletes one,"
            " reads all links; CREATE INDEX in the same migration"
        )
    yield from bodies_that_name(ground.schema, table.ref, sorted(moved))
