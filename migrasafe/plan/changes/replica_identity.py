"""What tells a row to subscribers: REPLICA IDENTITY."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Name

_LETTERS = {"default": "d", "full": "f", "nothing": "n", "index": "i"}


class ChangeReplicaIdentity(Struct, frozen=True, kw_only=True):
    table: Name
    identity: str
    """`default` | `full` | `nothing` | `index`."""
    index: str | None = None

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError where publishers would refuse UPDATE and DELETE afterwards."""
        table = table_of(ground, self.table)
        published = next((one for one in publications_of(ground.schema, table) if one.changes), None)
        if published is not None and not self._tells_rows_apart(ground, table):
            raise NoPlanError(
                f"{table.ref} is in the publication {published.name}, and without a replica identity PostgreSQL refuses every UPDATE"
                " and DELETE of it (55000): take it out of the publication before, or choose FULL or an index"
            )
        old = _index_of(ground, table)
        back = _words(table.replica_identity, old)
        step = Step(
            title=f"Let {_words(self.identity, self.index)} tell the rows of {table.ref} to subscribers",
            statements=(f"ALTER TABLE {name_of(table.ref)} REPLICA IDENTITY {_words(self.identity, self.index)}",),
            done=predicates.all_of(*_is(table.ref, self.identity, self.index)),
            undo=(f"ALTER TABLE {name_of(table.ref)} REPLICA IDENTITY {back}",),
        )
        on_subscribers = tuple(_for_subscribers(table, self.identity, self.index)) if published else ()
        return Draft(
            title=f"replica identity of {table.ref}: {_words(self.identity, self.index)}",
            tables=(table.ref,),
            phases=(phases.expand("The replica identity changes", "goes on as before", "goes on as before", (step,)),),
            why=(
                "the lock is held for an instant; subscribers learn of it with the next change of a row",
                *(
                    ("FULL sends every column of the old row: UPDATE and DELETE write more WAL",)
                    if self.identity == "full"
                    else ()
                ),
            ),
            by_hand=on_subscribers,
        )

    def _tells_rows_apart(self, ground: Ground, table: Table) -> bool:
        return self.identity in ("full", "index") or (self.identity == "default" and table.primary_key is not None)


def _words(identity: str, index: str | None) -> str:
    return f"USING INDEX {quote_ident(index)}" if identity == "index" and index is not None else identity.upper()


def _index_of(ground: Ground, table: Table) -> str | None:
    """The index that is the identity now."""
    if table.replica_identity != "index":
        return None
    beside = (ground.beside or {}).get(table.ref)
    known = beside.identity_index if beside is not None else None
    known = known or next((one.ref.name for one in ground.schema.indexes_of(table) if one.replica_identity), None)
    if known is None:
        raise NoPlanError(f"which index is the replica identity of {table.ref} is not known: plan with --schema DSN")
    return known


def _is(table: Ref, identity: str, index: str | None) -> Iterator[str]:
    yield (
        f"EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(table)}"
        f" AND relreplident = {quote_literal(_LETTERS[identity])})"
    )
    if index is not None:
        ref = Ref(table.schema, index)
        yield f"EXISTS (SELECT FROM pg_index WHERE indexrelid = {predicates.relation(ref)} AND indisreplident)"


def _for_subscribers(table: Table, identity: str, index: str | None) -> Iterator[str]:
    if identity == "index":
        yield (
            f"on every subscriber, before: {table.ref} needs a unique index over the same columns as {index}, or each change reads"
            " the whole table there"
        )
    elif identity == "full":
        yield f"on every subscriber: without a primary key or, from 16 on, a fitting index each change reads all of {table.ref} there"
