"""CLUSTER sorts a table by copying it."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.while_unused import repacked
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Cluster


def _repacked(step: Step, work: Work) -> Fix:
    """In the order of the index, if that is one of plain columns; else in that of the last CLUSTER."""
    index = step.schema.index(Ref(work.relation.schema, work.detail)) if work.detail else None
    columns = [one.column for one in index.elements] if index is not None else []
    order = ",".join(quote_ident(one) for one in columns if one is not None)
    return repacked(step, work, *((f"--order-by={order}",) if order and None not in columns else ()))


RULE = rule_for(
    "cluster-by-rewrite",
    (Cause.CLUSTER,),
    (Cluster,),
    why=lambda _, work: "the whole table is copied in a new order",
    instead="Use pg_repack or pg_squeeze, which copy the rows while the table is in use.",
    fix=_repacked,
)
