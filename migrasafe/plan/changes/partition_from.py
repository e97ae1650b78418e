"""A table becomes the first partition of a partitioned one that takes its name: no row is copied."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.references import own_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.partition_by_copy import kept_whatever_is_said, said_of_key, wide_index, wide_key
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.keys import kept_like
from migrasafe.plan.objects.partition_bounds import bound_sql, condition_of
from migrasafe.plan.table_swap.belongings import owned_sequences, put_on, taken_off, views_over
from migrasafe.plan.table_swap.made import belonging, create
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.plan.table_swap.partitioned import by_sql, marked_unchecked, refuse_partitioned, weaker, widened_key
from migrasafe.plan.table_swap.refused import refuse
from migrasafe.plan.table_swap.turn import checked_after, checked_again, moved_identities
from migrasafe.schema.definitions import constraint_body, create_index, name_of, names, with_suffix
from migrasafe.schema.evolve.generated_names import clipped
from migrasafe.schema.model import Index, Ref, RelationKind, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name, PartitionBound, PartitionBy


class PartitionFrom(Struct, frozen=True, kw_only=True):
    table: Name
    by: PartitionBy
    first: tuple[Ref, PartitionBound]
    """What the table is called as a partition, and the bound of its rows."""
    parts: tuple[tuple[Ref, PartitionBound], ...] = ()
    """The others, new and empty."""
    key: tuple[str, ...] = ()
    """The columns of its primary key afterwards, where they are said."""

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError for what cannot be partitioned so, or would lose something."""
        table = table_of(ground, self.table)
        if table.kind is RelationKind.PARTITIONED_TABLE:
            raise NoPlanError(
                f"{table.ref} is partitioned already: `migrasafe plan partition-by` copies its rows into other partitions"
            )
        refuse(ground, table, partitioned=True)
        refuse_partitioned(ground, table, self.by)
        ref, bound = self.first
        condition = condition_of(Table(ref=table.ref, partition_by=self.by), bound)
        if condition is None:
            raise NoPlanError(
                f"no simple condition says which rows {bound_sql(bound)} holds, so that PostgreSQL would look at all of them while"
                f" nobody can use {table.ref}: `migrasafe plan partition-by` copies the rows instead"
            )
        swap = self._swap(ground, table)
        key = table.primary_key
        wide = (*key.columns, *swap.wider) if key is not None and swap.wider else ()
        turned = (*self._turn(swap, condition, wide), *checked_after(swap))
        return Draft(
            title=f"partition {table.ref} by {self.by.strategy} ({', '.join(map(str, self.by.columns))}), from {ref.name} on",
            tables=(table.ref,),
            phases=tuple(self._phases(swap, condition, wide, turned)),
            why=(
                f"no row is copied: {table.ref} becomes the partition {ref.name}, and a CHECK, looked at before while all work,"
                " proves that its rows lie within the bound",
                "`migrasafe plan partition-by` copies the rows instead, where the old ones are to lie in several partitions",
            ),
            by_hand=(
                f"between the first step and the swap a row outside {bound_sql(bound)} is refused: choose one that holds every row"
                " that comes until then",
                f"on the way back, the rows of the other partitions are copied into {ref.name} while nobody can use the table",
                *(
                    (
                        f"on the way back, the index of ({', '.join(key.columns)}) is built again, while nobody can use the table",
                    )
                    if wide and key is not None
                    else ()
                ),
                *(
                    ("pg_dump and subscribers see the new name of the old rows",)
                    if table.replica_identity != "default"
                    else ()
                ),
            ),
            differs=(*weaker(table, swap.wider), *marked_unchecked(ground, table), *kept_whatever_is_said(table)),
        )

    def _swap(self, ground: Ground, table: Table) -> TableSwap:
        return TableSwap(
            ground=ground,
            table=table,
            key=table.primary_key.columns if table.primary_key is not None else (),
            is_new=predicates.relation_exists(table.ref, "p"),
            persistence=table.persistence,
            words=by_sql(self.by),
            parts=tuple((ref, bound_sql(bound)) for ref, bound in self.parts),
            wider=widened_key(table, self.by, self.key),
        )

    def _phases(
        self, swap: TableSwap, condition: str, wide: tuple[str, ...], turned: tuple[Step, ...]
    ) -> Iterator[Phase]:
        table, ref = swap.table, self.first[0]
        title = f"{table.ref} becomes the partition {ref.name} of {table.ref.name}"
        fits = phases.none_left(
            "every-row-fits",
            f"Does every row of {table.ref} lie within the bound of {ref.name}?",
            name_of(table.ref),
            f"NOT ({condition})",
            "Choose a bound that holds them, and those that come until the swap.",
        )
        if not wide:
            yield Phase(
                name=PhaseName.SWITCH,
                title=title,
                old_app="goes on as before",
                new_app="goes on as before",
                gates=(fits,),
                steps=turned,
            )
            return
        says, may_say = said_of_key(table, wide)
        first = [replace(one, past=swap.is_new) for one in wide_key(swap.ground, table, wide)]
        yield phases.expand(
            f"A unique index over ({', '.join(wide)})", "goes on as before", "is not deployed yet", tuple(first)
        )
        yield phases.deploy(says, may_say)
        yield Phase(
            name=PhaseName.CONTRACT,
            title=title,
            old_app="does not run any more",
            new_app=says,
            gates=(old_version_gone(may_say, swap.ground.old_application_name), fits),
            steps=turned,
        )

    def _turn(self, swap: TableSwap, condition: str, wide: tuple[str, ...]) -> Iterator[Step]:
        table, alter = swap.table.ref, f"ALTER TABLE {name_of(swap.table.ref)}"
        check = name_beside(self.first[0].name, "bound")
        yield Step(
            title=f"Let {table} say which rows it holds",
            statements=(f"{alter} ADD CONSTRAINT {quote_ident(check)} CHECK ({condition}) NOT VALID",),
            done=predicates.constraint_exists(table, check),
            past=swap.is_new,
            undo=(f"{alter} DROP CONSTRAINT {quote_ident(check)}",),
        )
        checked, unchecked = checked_again(swap, is_past=swap.is_new)
        yield replace(steps.validate(table, check), past=swap.is_new, undo=checked, undoable=unchecked)
        yield Step(
            title=f"{table} becomes {self.first[0].name}, the first partition of a new {table.name}",
            statements=(*_locked(swap), *self._there(swap, wide, check)),
            done=swap.is_new,
            undo=(*_locked(swap), *self._back(swap, wide, check, condition)),
        )

    def _there(self, swap: TableSwap, wide: tuple[str, ...], check: str) -> Iterator[str]:
        ground, table = swap.ground, swap.table
        name, part = name_of(table.ref), self.first[0]
        yield from taken_off(ground, table)
        yield f"ALTER TABLE {name} RENAME TO {quote_ident(part.name)}"
        for index, _, own in self._names(swap):
            yield f"ALTER INDEX {name_of(index.ref)} RENAME TO {quote_ident(own)}"
        for one in swap.beside.statistics:
            yield f"ALTER STATISTICS {name_of(Ref(one.schema, one.name))} RENAME TO {quote_ident(self._own(one.name))}"
        yield from create(swap, table.ref, like=part)
        yield f"ALTER TABLE {name} DROP CONSTRAINT {quote_ident(check)}"
        yield from belonging(swap, table.ref)
        yield from moved_identities(swap, part, table.ref)
        key = table.primary_key
        if wide and key is not None:
            own = next(own for index, _, own in self._names(swap) if index.constraint == key.name)
            yield f"ALTER TABLE {name_of(part)} DROP CONSTRAINT {quote_ident(own)}"
            yield (
                f"ALTER TABLE {name_of(part)} ADD CONSTRAINT {quote_ident(own)} PRIMARY KEY"
                f" USING INDEX {quote_ident(wide_index(ground.schema, table, wide).ref.name)}"
            )
        yield f"ALTER TABLE {name} ATTACH PARTITION {name_of(part)} {bound_sql(self.first[1])}"
        yield f"ALTER TABLE {name_of(part)} DROP CONSTRAINT {quote_ident(check)}"
        yield from put_on(ground, table)

    def _back(self, swap: TableSwap, wide: tuple[str, ...], check: str, condition: str) -> Iterator[str]:
        ground, table = swap.ground, swap.table
        name, part = name_of(table.ref), self.first[0]
        yield from taken_off(ground, table)
        yield f"ALTER TABLE {name} DETACH PARTITION {name_of(part)}"
        listed = names(swap.columns)
        yield f"INSERT INTO {name_of(part)} ({listed}) SELECT {listed} FROM {name}"
        for sequence, column in owned_sequences(ground.schema, table):
            yield f"ALTER SEQUENCE {name_of(sequence)} OWNED BY {name_of(part)}.{quote_ident(column)}"
        yield from moved_identities(swap, table.ref, part)
        # What reads the new table is bound to it until it reads the old one again, which has the name only once this one is gone.
        yield f"ALTER TABLE {name} RENAME TO {quote_ident(swap.parked.name)}"
        for index, _, _ in self._names(swap):
            yield f"ALTER INDEX {name_of(index.ref)} RENAME TO {quote_ident(with_suffix(index.ref.name, '__ms_gone'))}"
        for one, ready, _ in swap.statistics():
            yield f"ALTER STATISTICS {name_of(Ref(one.schema, one.name))} RENAME TO {quote_ident(ready.name)}"
        yield f"ALTER TABLE {name_of(part)} RENAME TO {quote_ident(table.ref.name)}"
        key = table.primary_key
        for index, _, own in self._names(swap):
            if wide and key is not None and index.constraint == key.name:
                index_again = create_index(wide_index(ground.schema, table, wide)).replace(" CONCURRENTLY", "", 1)
                yield f"ALTER TABLE {name} DROP CONSTRAINT {quote_ident(own)}"
                body = constraint_body(kept_like(key, index))
                yield f"ALTER TABLE {name} ADD CONSTRAINT {quote_ident(key.name)} {body}"
                yield index_again
            else:
                yield f"ALTER INDEX {name_of(Ref(index.ref.schema, own))} RENAME TO {quote_ident(index.ref.name)}"
        for one in swap.beside.statistics:
            yield f"ALTER STATISTICS {name_of(Ref(one.schema, self._own(one.name)))} RENAME TO {quote_ident(one.name)}"
        yield from put_on(ground, table)
        yield f"DROP TABLE {name_of(swap.parked)}"

    def _own(self, statistics: str) -> str:
        """What extended statistics are called on the partition."""
        return with_suffix(self.first[0].name, clipped(f"_{statistics}", 40))

    def _names(self, swap: TableSwap) -> Iterator[tuple[Index, str, str]]:
        """Each index, and what it is called on the partition: as PostgreSQL would call it, where it was called so."""
        table, part = swap.table.ref.name, self.first[0].name
        for index, waits, parked in swap.indexes():
            name = index.ref.name
            yield index, waits, f"{part}{name.removeprefix(table)}" if name.startswith(f"{table}_") else parked


def _locked(swap: TableSwap) -> Iterator[str]:
    table, schema = swap.table.ref, swap.ground.schema
    children = [child.ref for child, _ in own_keys_to(schema, table) if child.ref != table]
    locked = dict.fromkeys((*(view.ref for view in views_over(schema, table)), table, *children))
    yield f"LOCK TABLE {', '.join(map(name_of, locked))} IN ACCESS EXCLUSIVE MODE"
