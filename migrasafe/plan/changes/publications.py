"""Tables that come into a publication, or leave it, with what is to be done on the subscribers."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import AlterPublication, CreatePublication, PublishedTable


class PublishTables(Struct, frozen=True, kw_only=True):
    statement: AlterPublication | CreatePublication
    sql: str

    def plan(self, ground: Ground) -> Draft:
        """The subscriber has the table first. Raises NoPlanError for tables whose changes could not be told."""
        said = self.statement
        tables = [_known(ground, one) for one in said.tables]
        for table in tables:
            if table.replica_identity == "nothing" or (
                table.replica_identity == "default" and table.primary_key is None
            ):
                raise NoPlanError(
                    f"{table.ref} has no primary key and no replica identity: once it is published, PostgreSQL refuses every UPDATE"
                    " and DELETE of it (55000); give it a key, or REPLICA IDENTITY FULL, in a migration before this one"
                )
        name = quote_ident(said.name)
        if isinstance(said, CreatePublication):
            undo, done = f"DROP PUBLICATION {name}", _publication(said.name)
        else:
            undo = f"ALTER PUBLICATION {name} DROP TABLE {', '.join(name_of(table.ref) for table in tables)}"
            done = predicates.all_of(*(_has(said.name, table.ref) for table in tables))
        step = Step(title=f"Publish {_list(tables)} in {said.name}", statements=(self.sql,), done=done, undo=(undo,))
        return Draft(
            title=f"publish {_list(tables)} in {said.name}",
            tables=tuple(table.ref for table in tables),
            phases=(
                phases.expand(
                    f"{_list(tables)} is published in {said.name}",
                    "goes on as before",
                    "goes on as before",
                    (step,),
                    gates=(_on_subscribers(tables),),
                ),
            ),
            why=(
                "a subscriber that lacks a table, or a column of it, stops replicating everything at the first row of it",
            ),
            by_hand=(
                *(f"on every subscriber, before: {_made_there(table)}" for table in tables),
                "on every subscriber, after: ALTER SUBSCRIPTION … REFRESH PUBLICATION; it copies the rows that are there"
                " already, which takes as long as they are many",
            ),
        )


class UnpublishTables(Struct, frozen=True, kw_only=True):
    statement: AlterPublication
    sql: str

    def plan(self, ground: Ground) -> Draft:
        """When nobody needs the copies any more."""
        said = self.statement
        tables = [_known(ground, one) for one in said.tables]
        known = ground.schema.publications.get(said.name)
        name = quote_ident(said.name)
        parts = {part.table for part in known.parts} if known is not None else set()
        for table in tables:
            if table.ref in parts:
                raise NoPlanError(
                    f"{said.name} publishes only a part of {table.ref}, which a way back would have to know: leave the table in the"
                    " publication, or drop it by hand with its definition from pg_dump at hand"
                )
        listed = ", ".join(name_of(table.ref) for table in tables)
        gone = predicates.all_of(*(predicates.not_(_has(said.name, table.ref)) for table in tables))
        step = Step(
            title=f"Publish {_list(tables)} in {said.name} no more",
            statements=(f"ALTER PUBLICATION {name} DROP TABLE {listed}",),
            done=gone,
            undo=(f"ALTER PUBLICATION {name} ADD TABLE {listed}",),
            stays="what was changed meanwhile is missing on subscribers: they have to copy the table again",
        )
        return Draft(
            title=f"publish {_list(tables)} in {said.name} no more",
            tables=tuple(table.ref for table in tables),
            phases=(
                phases.deploy(f"does not need copies of {_list(tables)}", f"may need copies of {_list(tables)}"),
                phases.contract(
                    f"{_list(tables)} leaves {said.name}",
                    f"does not need copies of {_list(tables)}",
                    (step,),
                    needed=f"{_list(tables)} on subscribers",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(
                "on every subscriber, after: ALTER SUBSCRIPTION … REFRESH PUBLICATION; its table stays, and grows stale",
            ),
        )


def _known(ground: Ground, said: PublishedTable) -> Table:
    table = ground.schema.table(ground.schema.resolve(*said.table))
    if table is None:
        raise NoPlanError(f"the schema has no table {said.table}: give the one it is in with --schema")
    return table


def _list(tables: list[Table]) -> str:
    return ", ".join(str(table.ref) for table in tables)


def _made_there(table: Table) -> str:
    columns = ", ".join(quote_ident(column.name) for column in table.columns)
    return f"make {table.ref} with the columns {columns} (pg_dump --schema-only --table={table.ref})"


def _on_subscribers(tables: list[Table]) -> Gate:
    return Gate(
        id="subscribers-are-ready",
        question=f"Does every subscriber have {_list(tables)}, with all columns?",
        query=None,
        otherwise="Make the tables there first, as the runbook says: replication stops at the first row otherwise.",
    )


def _publication(name: str) -> str:
    return f"EXISTS (SELECT FROM pg_publication WHERE pubname = {quote_literal(name)})"


def _has(publication: str, table: Ref) -> str:
    return (
        "EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
        f" WHERE p.pubname = {quote_literal(publication)} AND r.prrelid = {predicates.relation(table)})"
    )
