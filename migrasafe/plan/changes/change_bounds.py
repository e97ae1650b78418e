"""Partitions get other bounds: what ATTACH would look for under a lock is proved before, then all changes in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.attach_partition import create_like, proof_name, prove_bound
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Gate, Phase, Step
from migrasafe.plan.objects.compared_bounds import cover, overlap
from migrasafe.plan.objects.partition_bounds import bound_sql, condition_of, default_of, has_bound, is_attached
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import PartitionBound

Bounds = Mapping[Ref, PartitionBound | None]
"""Of tables; None for one that is no partition."""


class ChangeBounds(Struct, frozen=True, kw_only=True):
    parent: Table
    now: Bounds
    """Of the partitions that change, that are new, or that go."""
    moves: bool
    """Rows go to the partition that they belong to then."""

    def plan(self, ground: Ground) -> Draft:
        """Narrower, wider, split or merged partitions. Raises NoPlanError."""
        parent = self.parent
        for child, key in foreign_keys_to(ground.schema, parent.ref):
            raise NoPlanError(
                f"{child.ref} refers to {parent.ref} with {key.name}, and all of it would be looked through under a lock: drop that"
                " foreign key in a migration before, and add it afterwards"
            )
        default = default_of(ground.schema, parent)
        tables = {ref: ground.schema.table(ref) for ref in self.now}
        was: Bounds = {ref: table.bound for ref, table in tables.items() if table is not None}
        lost = [
            ref for ref, bound in was.items() if bound is not None and not cover(filter(None, self.now.values()), bound)
        ]
        if self.moves and lost and default is None:
            raise NoPlanError(
                f"some rows of {lost[0]} may have no partition afterwards: let the new bounds take all of the old ones, or make a"
                f" DEFAULT partition of {parent.ref} before"
            )
        made = [ref for ref in self.now if ref not in was]
        new = {ref: bound for ref, bound in self.now.items() if bound is not None}
        is_new = predicates.all_of(
            *(is_attached(parent.ref, ref) for ref in new),
            *(has_bound(parent, ref, bound) for ref, bound in new.items()),
            *(predicates.not_(is_attached(parent.ref, ref)) for ref in self.now if ref not in new),
        )
        proved = () if self.moves else (*was, *((default.ref,) if default is not None else ()))
        swap = Step(
            title="Change the bounds" + (", and move the rows" if self.moves else ""),
            statements=(
                *(create_like(ground, parent, ref) for ref in made),
                *self._from_to(was, self.now, default, moves=self.moves),
                *(f"ALTER TABLE {name_of(ref)} DROP CONSTRAINT {quote_ident(proof_name(ref))}" for ref in proved),
            ),
            done=is_new,
            undo=(
                *self._from_to(self.now, was, default, moves=True),
                *(f"DROP TABLE {name_of(ref)}" for ref in made),
            ),
            undoable=predicates.all_of(is_new, *map(predicates.relation_exists, was)),
            window=f"nobody can read or write {parent.ref} while rows move to the partition that they belong to, and the partitions"
            " are read for what does not"
            if self.moves
            else "",
        )
        proofs = () if self.moves else steps.superseded(tuple(self._proofs(was, default)), is_new)
        goes_on = default is not None or not lost
        return Draft(
            title=f"change bounds of {parent.ref}: {self._said()}",
            tables=(parent.ref,) if self.moves else (parent.ref, *self.now),
            phases=tuple(self._phases(ground, was, (*proofs, swap), default, goes_on=goes_on)),
            why=(
                "DETACH and ATTACH in one transaction: at no moment does anybody miss rows in the table above",
                "rows that change their partition move in that transaction, since no partition takes rows of another one's bound"
                if self.moves
                else "CHECKs prove the new bounds, so that ATTACH PARTITION reads no row under its lock",
            ),
            by_hand=(
                "the way back moves rows to the partition that they belonged to, and reads these partitions under a lock: take it in"
                " an hour in which nobody needs them",
                *(
                    ("whoever names a partition itself finds in it only the rows of its new bound",)
                    if self.moves
                    else ()
                ),
            ),
        )

    def _said(self) -> str:
        return ", ".join(
            f"{ref} {bound_sql(bound)}" if bound is not None else f"{ref} goes" for ref, bound in self.now.items()
        )

    def _condition(self, ref: Ref, bound: PartitionBound | None) -> str:
        """Which rows a bound takes. Raises NoPlanError where a CHECK cannot say it."""
        condition = condition_of(self.parent, bound) if bound is not None else "false"
        if condition is None:
            raise NoPlanError(
                f"no simple condition says which rows the bound of {ref} takes (DEFAULT, several key columns, an expression, a hash,"
                " null in a list): leave it as it is, and make a new partition for what it lacks, or let `migrasafe plan"
                " partition-by` copy all rows into partitions with other bounds"
            )
        return condition

    def _proofs(self, was: Bounds, default: Table | None) -> Iterator[Step]:
        for ref in was:
            yield from prove_bound(ref, self._condition(ref, self.now[ref]))
        if default is not None:
            taken = [f"NOT ({self._condition(ref, one)})" for ref, one in self.now.items() if one is not None]
            yield from prove_bound(default.ref, " AND ".join(taken))

    def _from_to(self, was: Bounds, now: Bounds, default: Table | None, *, moves: bool) -> Iterator[str]:
        """From some bounds to others, in a transaction.

        New tables are attached while they are empty, unless rows of the DEFAULT partition are still in their way: with rows
        in them, their foreign keys would be checked.
        """
        alter = f"ALTER TABLE {name_of(self.parent.ref)}"
        attached = {
            ref: f"{alter} ATTACH PARTITION {name_of(ref)} {bound_sql(bound)}"
            for ref, bound in now.items()
            if bound is not None
        }
        for ref, bound in was.items():
            if bound is not None:
                yield f"{alter} DETACH PARTITION {name_of(ref)}"
        first = {ref for ref in attached if ref not in was and not (moves and default is not None)}
        yield from (text for ref, text in attached.items() if ref in first)
        if moves:
            yield from self._moves(was, now, default)
        yield from (text for ref, text in attached.items() if ref not in first)

    def _moves(self, was: Bounds, now: Bounds, default: Table | None) -> Iterator[str]:
        columns = names(one.name for one in self.parent.columns if one.generated is None)
        new = {ref: bound for ref, bound in now.items() if bound is not None}
        sources = [ref for ref, bound in was.items() if bound is not None]
        for target, bound in new.items():
            taken = self._condition(target, bound)
            for source in sources:
                before = was[source]
                if source != target and before is not None and overlap(before, bound):
                    yield from _move(source, target, columns, taken)
            if default is not None and not cover(filter(None, was.values()), bound):
                yield from _move(default.ref, target, columns, taken)
        if default is not None:
            for source in sources:
                before = was[source]
                if before is not None and not cover(new.values(), before):
                    rest = " AND ".join(f"NOT ({self._condition(ref, one)})" for ref, one in new.items())
                    yield from _move(source, default.ref, columns, rest)

    def _phases(
        self, ground: Ground, was: Bounds, ahead: tuple[Step, ...], default: Table | None, *, goes_on: bool
    ) -> Iterator[Phase]:
        """`goes_on`: the old version finds a partition for each of its rows afterwards, too."""
        parent = self.parent.ref
        gone = [ref for ref, bound in self.now.items() if bound is None]
        drops = tuple(
            Step(
                title=f"Drop {ref} for good",
                statements=(f"DROP TABLE {name_of(ref)}",),
                done=f"{predicates.relation(ref)} IS NULL",
                loses=f"{ref}, which is empty, with its privileges and settings",
            )
            for ref in gone
        )
        gates = tuple(self._gates(was, default))
        new_app = f"uses {parent} with the new bounds"
        title = f"The bounds of {parent} change" + (", and rows move with them" if self.moves else "")
        if not goes_on:
            needs = f"rows of {parent} that no partition takes afterwards"
            yield phases.deploy(f"does without {needs}", f"may write {needs}")
            yield phases.contract(
                title,
                f"is refused (23514) {needs}",
                (*ahead, *drops),
                needed=needs,
                old_application_name=ground.old_application_name,
                gates=gates,
            )
            return
        meanwhile = "waits while rows move" if self.moves else "cannot write rows that are to change their partition"
        quiet = not self.moves and default is None and all(self._only_grows(ref, one) for ref, one in was.items())
        old_app = "goes on as before" + ("" if quiet else f"; until the last step is over it {meanwhile}")
        yield phases.expand(title, old_app, new_app, ahead, gates=gates)
        if drops:
            said = ", ".join(map(str, gone))
            yield phases.deploy(f"does not name {said}", f"may name {said}, which is empty")
            yield phases.contract(
                f"{said} goes",
                new_app,
                drops,
                needed=said,
                old_application_name=ground.old_application_name,
            )

    def _only_grows(self, ref: Ref, bound: PartitionBound | None) -> bool:
        now = self.now[ref]
        return bound is not None and now is not None and cover((now,), bound)

    def _gates(self, was: Bounds, default: Table | None) -> Iterator[Gate]:
        if self.moves:
            yield maintenance_window(f"nobody can read or write {self.parent.ref} while rows move")
            return
        otherwise = (
            "Delete them in batches (`migrasafe plan delete`), choose other bounds, or let the migration move them (INSERT INTO"
            f" {name_of(self.parent.ref)} SELECT … FROM the partition they are in), in a maintenance window."
        )
        for number, (ref, bound) in enumerate(was.items(), start=1):
            if not self._only_grows(ref, bound):
                condition = f"({self._condition(ref, self.now[ref])}) IS NOT TRUE"
                question = f"Is there no row in {ref} outside its new bound?"
                yield phases.none_left(f"none-outside-{number}", question, name_of(ref), condition, otherwise)
        if default is not None:
            taken = " OR ".join(f"({self._condition(ref, one)})" for ref, one in self.now.items() if one is not None)
            question = f"Is there no row in {default.ref} that belongs to one of the new bounds?"
            yield phases.none_left("none-in-default", question, name_of(default.ref), taken, otherwise)


def _move(source: Ref, target: Ref, columns: str, condition: str) -> Iterator[str]:
    rows = f"FROM {name_of(source)} WHERE {condition}"
    yield f"INSERT INTO {name_of(target)} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} {rows}"
    yield f"DELETE {rows}"
