"""The migration that a plan stands for, run at one go: what everything at the plan's end is measured by."""

from __future__ import annotations

import re

from msgspec import Struct

from migrasafe.plan.model import Plan
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.sql.parse import parse_statement
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Transaction

NOT_IN_A_TRANSACTION = "25001"
"""What is refused to CREATE INDEX CONCURRENTLY and its like, which change no values."""


class OneShot(Struct, frozen=True, kw_only=True):
    statements: tuple[str, ...]
    time_zone: str | None = None
    """The one that the plan takes the app's sessions to be in."""

    def run(self, dsn: str) -> str:
        """Run it; what was refused, empty where nothing was."""
        with connect(dsn) as session:
            if self.time_zone is not None:
                run(session, f"SET TimeZone = {quote_literal(self.time_zone)}")
            refused = next((said for one in self.statements if (said := attempt(session, one)) is not None), None)
        return "" if refused is None else refused.message

    def is_taken(self, session: Connection) -> bool:
        """Run it inside an open transaction, as far as that can be; whether nothing was refused."""
        if self.time_zone is not None:
            run(session, f"SET LOCAL TimeZone = {quote_literal(self.time_zone)}")
        for statement in self.statements:
            if isinstance(parse_statement(statement), Transaction):
                continue
            run(session, "SAVEPOINT migrasafe")
            refused = attempt(session, statement)
            if refused is not None and refused.code != NOT_IN_A_TRANSACTION:
                return False
            run(session, "RELEASE migrasafe" if refused is None else "ROLLBACK TO migrasafe")
        if self.time_zone is not None:
            run(session, "SET LOCAL TimeZone TO DEFAULT")
        return True


def one_shot_of(plan: Plan) -> OneShot:
    filled = " ".join(one for phase in plan.phases for job in phase.backfills for one in job.assignments)
    found = _AT_TIME_ZONE.search(filled)
    return OneShot(statements=plan.migration, time_zone=found[1] if found is not None else None)


_AT_TIME_ZONE = re.compile(r"AT TIME ZONE '([^']+)'", re.IGNORECASE)
