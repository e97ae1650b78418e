"""CREATE OR REPLACE VIEW that leaves out, renames or moves a column: PostgreSQL refuses."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.recreate_without_grants import grants_sql
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, View
from migrasafe.sql.statements import CreateView


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateView)
    if not statement.replace:
        return
    ref = step.situation.ref(statement.name)
    before, after = step.schema.view(ref), step.after.view(ref)
    if before is None or after is None or not (before.complete and after.complete):
        return
    kept = after.columns[: len(before.columns)]
    if kept == before.columns:
        return
    gone = next(
        (old for place, old in enumerate(before.columns) if place >= len(kept) or kept[place] != old), before.columns[0]
    )
    yield step.finding(
        RULE.id,
        f"PostgreSQL refuses to replace the view {shown(ref)}: its column {gone} would be dropped, renamed or moved (42P16).",
        help="Keep the columns there are, in their order, and add new ones behind them; or make a view of another name.",
        objects=(ref,),
        fix=_made_anew(step, ref, before, after, gone),
    )


def _made_anew(step: Step, ref: Ref, before: View, after: View, gone: str) -> Fix:
    """Dropped and made again with its privileges, when nobody needs the column any more."""
    if not step.has_own_text:
        return Fix()
    grants = (one.rstrip(";") for one in grants_sql(ref, after, before.grants))
    return plan(
        step,
        Stage(f"deploy the app version that does without {shown(ref)}.{gone}"),
        Stage("when the old version is gone, in one transaction", (f"DROP VIEW {sql_name(ref)}", step.sql(), *grants)),
    )


RULE = Rule(id="replace-view-with-other-columns", check=check, on=(CreateView,))
