"""An index in another tablespace: built there beside the app, not copied while everybody waits."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Name

REINDEX_TABLESPACE_SINCE = 14


class MoveIndex(Struct, frozen=True, kw_only=True):
    index: Name
    tablespace: str

    def plan(self, ground: Ground) -> Draft:
        """One step, as long as the table is big, that hinders nobody. Raises NoPlanError where the server has no such way."""
        ref = ground.schema.resolve(*self.index)
        index = ground.schema.index(ref)
        if index is None:
            raise NoPlanError(f"the schema has no index {self.index}: give the one it is in with --schema")
        table = ground.schema.table(index.table)
        if table is not None and table.partition_by is not None:
            raise NoPlanError(
                f"{ref} is the index of a partitioned table, and holds nothing: name those of its partitions"
            )
        before = index.tablespace or "pg_default"
        if before == self.tablespace:
            raise NoPlanError(f"{ref} is in {before} already")
        beside = ground.target.pg_version >= REINDEX_TABLESPACE_SINCE
        step = _beside(ref, before, self.tablespace) if beside else _copied(ref, before, self.tablespace, index.table)
        gates = () if beside else (maintenance_window(f"nobody can use {index.table}"),)
        said = "goes on as before"
        phase = phases.expand(f"{ref} is in {self.tablespace}", said, said, (step,), gates=gates)
        return Draft(
            title=f"move the index {ref} to the tablespace {self.tablespace}",
            tables=(index.table,),
            phases=(phase,),
            why=(
                f"ALTER INDEX … SET TABLESPACE would let nobody use {index.table} while the file is copied; this builds the index"
                " anew beside it, needs its room twice, and waits for transactions that are under way"
                if beside
                else f"REINDEX (TABLESPACE …) is there since PostgreSQL {REINDEX_TABLESPACE_SINCE}; without a window: CREATE INDEX"
                f" CONCURRENTLY another one in {self.tablespace}, then drop {ref.name}, unless a constraint stands on it",
            ),
            by_hand=(f"see that the tablespace {self.tablespace} is there, on every standby too, and has the room",),
        )


def _beside(ref: Ref, before: str, tablespace: str) -> Step:
    left = [Ref(ref.schema, object_name(ref.name, None, label)) for label in ("ccnew", "ccold")]
    return Step(
        title=f"Build {ref} again in {tablespace}",
        statements=(_reindex(ref, tablespace),),
        done=_is_in(ref, tablespace),
        undo=(_reindex(ref, before),),
        long=True,
        leftover=f"({' OR '.join(map(predicates.index_is_invalid, left))})",
        clear=tuple(f"DROP INDEX CONCURRENTLY IF EXISTS {name_of(one)}" for one in left),
    )


def _copied(ref: Ref, before: str, tablespace: str, table: Ref) -> Step:
    alter = f"ALTER INDEX {name_of(ref)} SET TABLESPACE"
    return Step(
        title=f"Copy {ref} to {tablespace}",
        statements=(f"{alter} {quote_ident(tablespace)}",),
        done=_is_in(ref, tablespace),
        undo=(f"{alter} {quote_ident(before)}",),
        window=f"ALTER INDEX … SET TABLESPACE lets nobody use {table} while the file of the index is copied",
    )


def _reindex(ref: Ref, tablespace: str) -> str:
    return f"REINDEX (TABLESPACE {quote_ident(tablespace)}) INDEX CONCURRENTLY {name_of(ref)}"


def _is_in(ref: Ref, tablespace: str) -> str:
    own = "(SELECT dattablespace FROM pg_database WHERE datname = current_database())"
    return (
        f"EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(ref)} AND coalesce(nullif(reltablespace, 0), {own})"
        f" = (SELECT oid FROM pg_tablespace WHERE spcname = {quote_literal(tablespace)}))"
    )
