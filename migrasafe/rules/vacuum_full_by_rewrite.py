"""VACUUM FULL copies the whole table."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import Stage, outside_title
from migrasafe.rules.while_unused import repacked
from migrasafe.rules.wording import sql_name
from migrasafe.sql.statements import Vacuum


def _vacuumed(step: Step, work: Work) -> Fix:
    """Plain VACUUM; and where the file has to become smaller, pg_repack."""
    plain = Stage(outside_title(step), (f"VACUUM (ANALYZE) {sql_name(work.relation)}",))
    return repacked(step, work, "--no-order", before=(plain,))


RULE = rule_for(
    "vacuum-full-by-rewrite",
    (Cause.VACUUM_FULL,),
    (Vacuum,),
    why=lambda _, work: "the whole table is copied",
    instead="Plain VACUUM makes the space usable again; to give it back to the disk, use pg_repack or pg_squeeze.",
    fix=_vacuumed,
)
