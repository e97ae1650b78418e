"""A table that PostgreSQL writes anew: CLUSTER, VACUUM FULL, SET LOGGED and UNLOGGED, SET TABLESPACE, SET ACCESS METHOD.

In a maintenance window where that is short, or where a copy beside the table cannot take its place.
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.rewrite_beside import RewriteBeside
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Step
from migrasafe.quantities import say_count
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintKind, Name, Persistence

_READABLE_COPY_SINCE = 15
"""SET ACCESS METHOD."""
_FEW_ROWS = 100_000
"""Up to which nobody minds the lock."""


class RewriteTable(Struct, frozen=True, kw_only=True):
    table: Name
    way: str
    """`logged` | `unlogged` | `tablespace` | `access method` | `cluster` | `vacuum`."""
    to: str | None = None
    """The tablespace, the access method, or the index whose order the rows get."""
    wanted: str | None = None
    """`window` | `beside`, where somebody has said which; None: by what is known of the table."""

    def plan(self, ground: Ground) -> Draft:
        """By a copy beside it, or in a maintenance window. Raises NoPlanError for what PostgreSQL would refuse."""
        table = table_of(ground, self.table)
        if table.partitions:
            raise NoPlanError(
                f"{table.ref} is partitioned, and holds no rows itself: plan this for each of its partitions"
            )
        statement, done, undo = self._statements(ground, table)
        beside = RewriteBeside(table=table, way=self.way, to=self.to, what=self._what, is_new=done)
        against = self._against_a_copy(ground, table, beside)
        if against is None:
            return beside.draft(ground)
        if self.wanted == "beside":
            raise NoPlanError(f"{against}: --way window plans a maintenance window")
        if self.way == "vacuum":
            raise NoPlanError(
                f"VACUUM FULL leaves nothing in the catalog by which a plan could tell that it has run, and a copy cannot take the"
                f" place of {table.ref}: {against}; say CLUSTER {table.ref.name} USING an index, which gives the room back as well"
            )
        step = Step(
            title=f"Write {table.ref} anew: {self._what}",
            statements=(statement,),
            done=done,
            undo=(undo,) if undo is not None else (),
            window=(
                f"nobody can read or write {table.ref} while PostgreSQL copies all its rows and builds its indexes, and not a copy"
                f" beside it: {against}"
            ),
            stays="" if undo is not None else "the order of the rows, of which nothing depends",
        )
        return Draft(
            title=f"{self._what}: {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.expand(
                    f"{table.ref} is written anew, in a maintenance window",
                    f"waits while {table.ref} is written anew, and goes on as before",
                    "goes on as before",
                    (step,),
                    gates=(maintenance_window(f"nobody can read or write {table.ref}"),),
                ),
            ),
            why=("the lock is asked for with a lock_timeout: nobody queues up behind the step before it has it",),
            by_hand=(
                "the statement_timeout of the app, and of its pool, has to be longer than the window, or the app be stopped",
                f"the disk needs room for {table.ref} once more, and its WAL goes to every replica",
            ),
        )

    def _against_a_copy(self, ground: Ground, table: Table, beside: RewriteBeside) -> str | None:
        """Why a maintenance window is the honest way; None where a copy beside the table can take its place."""
        if self.wanted == "window":
            return "as said by --way window"
        if self.wanted is None and self.way != "vacuum" and table.rows is not None and 0 < table.rows <= _FEW_ROWS:
            return f"{say_count(round(table.rows), 'row')} written in about a second (--way beside plans a copy all the same)"
        try:
            beside.refuse(ground)
        except NoPlanError as error:
            return str(error)
        return None

    @property
    def _what(self) -> str:
        match self.way:
            case "vacuum":
                return "without the room that nothing is in"
            case "cluster":
                return f"in the order of {self.to}"
            case "tablespace" | "access method":
                return f"{self.way} {self.to}"
            case _:
                return self.way

    def _statements(self, ground: Ground, table: Table) -> tuple[str, str, str | None]:
        """The statement, whether it is done, and the way back."""
        name, of = name_of(table.ref), f"WHERE oid = {predicates.relation(table.ref)}"
        match self.way:
            case "logged" | "unlogged":
                _refuse_unlogged(ground, table, self.way)
                is_logged = table.persistence is not Persistence.UNLOGGED
                if is_logged is (self.way == "logged"):
                    raise NoPlanError(f"{table.ref} is {self.way} already")
                back = "UNLOGGED" if self.way == "logged" else "LOGGED"
                letter = "p" if self.way == "logged" else "u"
                done = f"EXISTS (SELECT FROM pg_class {of} AND relpersistence = '{letter}')"
                return f"ALTER TABLE {name} SET {self.way.upper()}", done, f"ALTER TABLE {name} SET {back}"
            case "tablespace":
                before = table.tablespace or "pg_default"
                done = (
                    f"EXISTS (SELECT FROM pg_class {of} AND coalesce((SELECT spcname FROM pg_tablespace"
                    f" WHERE pg_tablespace.oid = reltablespace), 'pg_default') = {quote_literal(self.to or '')})"
                )
                move = f"ALTER TABLE {name} SET TABLESPACE"
                return f"{move} {quote_ident(self.to or '')}", done, f"{move} {quote_ident(before)}"
            case "access method":
                if not ground.target.at_least(_READABLE_COPY_SINCE):
                    raise NoPlanError(
                        "SET ACCESS METHOD came with PostgreSQL 15: before, only a new table has another one"
                    )
                done = (
                    "EXISTS (SELECT FROM pg_class JOIN pg_am ON pg_am.oid = relam"
                    f" WHERE pg_class.oid = {predicates.relation(table.ref)} AND amname = {quote_literal(self.to or '')})"
                )
                change = f"ALTER TABLE {name} SET ACCESS METHOD"
                return f"{change} {quote_ident(self.to or '')}", done, f"{change} heap"
            case "vacuum":
                key = next((one for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY), None)
                note = f"replaced by plan {ground.id}"
                done = predicates.constraint_says(table.ref, key.name, note) if key is not None else "false"
                return f"VACUUM FULL {name}", done, None
            case _:
                index = next((one for one in ground.schema.indexes_of(table) if one.ref.name == self.to), None)
                if index is None:
                    known = ", ".join(one.ref.name for one in ground.schema.indexes_of(table))
                    raise NoPlanError(f"{table.ref} has no index {self.to}: it has {known or 'none'}")
                done = f"EXISTS (SELECT FROM pg_index WHERE indexrelid = {predicates.relation(index.ref)} AND indisclustered)"
                return (
                    f"CLUSTER {name} USING {quote_ident(index.ref.name)}",
                    done,
                    f"ALTER TABLE {name} SET WITHOUT CLUSTER",
                )


def _refuse_unlogged(ground: Ground, table: Table, way: str) -> None:
    """What PostgreSQL refuses for a table that is or is not logged."""
    others: list[Ref] = [child.ref for child, _ in foreign_keys_to(ground.schema, table.ref) if child.ref != table.ref]
    if way == "unlogged":
        for publication in publications_of(ground.schema, table):
            raise NoPlanError(
                f"{table.ref} is in the publication {publication.name}, and an unlogged table cannot be: take it out before"
            )
        if others:
            raise NoPlanError(f"{others[0]} is logged and refers to {table.ref}, which cannot be unlogged then (42P16)")
        return
    for key in table.constraints:
        target = ground.schema.table(key.target) if key.target is not None else None
        if target is not None and target.ref != table.ref and target.persistence is Persistence.UNLOGGED:
            raise NoPlanError(
                f"{table.ref} refers to {target.ref}, which is unlogged: that one becomes logged before (42P16)"
            )
