"""What hurts nobody as it was written: new tables, views, types and the like."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.articles import with_article
from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.foresee import foresee
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.model import Schema
from migrasafe.sql.one_line import in_one_line
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import (
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateExtension,
    CreateRange,
    CreateSchema,
    CreateSequence,
    CreateStatistics,
    CreateTable,
    CreateTableAs,
    CreateView,
    Name,
    Statement,
)


class AsWritten(Struct, frozen=True, kw_only=True):
    sql: str
    more: tuple[str, ...] = ()
    """What belongs to it: the first rows of a table."""
    done: str
    """As Step.done."""

    def plan(self, ground: Ground) -> Draft:
        """One step, where nobody has to wait for work under its lock: a foreign key of a new table locks the other table for
        an instant, which lock_timeout and retries see to. Raises NoPlanError."""
        found, _ = foresee((self.sql, *self.more), ground.schema, ground.target)
        for one in found:
            for lock in one.effects.locks if one.effects.work else ():
                if lock.mode.blocks_writes and one.situation.exists_already(lock.relation):
                    raise NoPlanError(
                        f"this takes {with_article(lock.mode.value)} lock on {lock.relation} while it works: put it"
                        " into a migration of its own, with a lock_timeout"
                    )
        title = in_one_line(self.sql, 60)
        phase = Phase(
            name=PhaseName.EXPAND,
            title="What is new, and in nobody's way",
            old_app="goes on as before",
            new_app="is not deployed yet",
            steps=(Step(title=title, statements=(self.sql, *self.more), done=self.done, stays="what it made"),),
        )
        return Draft(title=title, tables=(), phases=(phase,))


def is_made_by(statement: Statement, after: Schema) -> str | None:
    """The question whether what the statement makes is there; None for one that makes nothing of its own."""
    match statement:
        case CreateTable() | CreateView() | CreateSequence() | CreateTableAs(materialized_view=True):
            return f"{predicates.relation(after.resolve(*statement.name))} IS NOT NULL"
        case CreateEnum() | CreateComposite() | CreateDomain() | CreateRange():
            return predicates.type_exists(after.resolve_type(*statement.name))
        case CreateSchema():
            return f"to_regnamespace({quote_literal(quote_ident(statement.name))}) IS NOT NULL"
        case CreateExtension():
            return f"EXISTS (SELECT FROM pg_extension WHERE extname = {quote_literal(statement.name)})"
        case CreateStatistics(name=Name(schema, name)):
            return predicates.statistics_exist(after.resolve(schema, name))
        case _:
            return None
