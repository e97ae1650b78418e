"""What a migration runs that changes nothing a plan could look at – ANALYZE, VACUUM, REINDEX, REFRESH …: a person runs it."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import Statement


class RunAfterwards(Struct, frozen=True, kw_only=True):
    sql: str
    """As it is to be run."""

    def plan(self, ground: Ground) -> Draft:
        """No step, and the sentence that tells of it."""
        told = (
            f"run {self.sql} yourself when the last phase is over, outside a transaction: it keeps nobody waiting, and nothing in"
            " the catalog would tell whether it was run"
        )
        return Draft(title="", tables=(), phases=(), by_hand=(told,))


def afterwards(statement: Statement, text: str) -> RunAfterwards | None:
    """What a person runs for a statement; None for one of another kind. `text`: the statement as it was written."""
    match statement:
        case sql.Vacuum(full=False):
            return RunAfterwards(sql=" ".join(text.split()))
        case sql.Reindex(kind="INDEX" | "TABLE", name=name) if name is not None:
            return RunAfterwards(sql=f"REINDEX {statement.kind} CONCURRENTLY {name}")
        case sql.RefreshMaterializedView(concurrently=True):
            return RunAfterwards(sql=f"REFRESH MATERIALIZED VIEW CONCURRENTLY {statement.name}")
        case _:
            return None
