"""Every fix that a rule offers: complete, in the user's own names, and silent when it is linted again.

New rules come in by themselves: the examples are the bad ones of their pages.
"""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from migrasafe.findings import Finding, FixKind, Severity
from migrasafe.rules.page import page_ids, read_page
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Unrecognized
from migrasafe.target import NEWEST, OLDEST
from tests.fixes import Offer, offers, statements
from tests.pages import examples, lint_for, lint_in_turn

MAJORS = (OLDEST, 15, 17, NEWEST)
page_of = cache(read_page)
every_page = pytest.mark.parametrize("page_id", page_ids())


def every_offer(page_id: str) -> list[tuple[int, Offer]]:
    return [(major, offer) for major in MAJORS for offer in offers(page_of(page_id), major)]


@every_page
def test_every_error_has_a_fix(page_id):
    page = page_of(page_id)
    for major in MAJORS:
        for block, _ in examples(page):
            for finding in lint_for(page, block, major).findings if major in block.majors else ():
                if finding.severity is Severity.ERROR:
                    assert finding.fix.kind is not FixKind.NONE, finding.message
                    assert finding.fix.replacement or finding.fix.steps


@every_page
def test_a_fix_is_sql_without_gaps(page_id):
    for _, offer in every_offer(page_id):
        fix = offer.finding.fix
        text = (fix.steps if fix.kind is FixKind.PLAN else fix.replacement) or fix.command
        assert text
        for gap in ("…", "...", "<", "TODO", "your_"):
            assert gap not in text.replace("<>", "").replace("<=", "").replace(" < ", ""), text
        for stage in offer.stages:
            script = read_script(Source(path="fix.sql", text=stage.sql))
            assert [one for one in script.statements if isinstance(one, Unrecognized)] == [], stage.sql


@every_page
def test_a_fixed_migration_is_silent(page_id):
    """About what the finding says, and without errors that the migration did not have before."""
    for major, offer in every_offer(page_id):
        known = {found.rule for found in lint_for(offer.page, offer.block, major).findings}
        shown = [stage for stage in offer.stages if stage.sql]
        if shown[:1] and shown[0].goes_behind:
            shown = [replace(shown[0], sql=f"{offer.before.rstrip().rstrip(';')};\n{shown[0].sql}"), *shown[1:]]
            offer = replace(offer, before="")
        earlier = [(offer.before, offer.in_transaction)] if offer.before.strip() else []
        migrations = [*earlier, *((stage.sql, stage.in_transaction) for stage in shown)]
        linted = lint_in_turn(offer.page.before(offer.block), migrations, pg_version=major)[len(earlier) :]
        for stage, one in zip(shown, linted, strict=True):
            told = [found for found in one.findings if _is_still_wrong(found, offer, known)]
            told = [] if stage.after_deploy else told
            assert told == [], f"on {major}, in {stage.title}:\n{stage.sql}"


def _is_still_wrong(found: Finding, offer: Offer, known: set[str]) -> bool:
    if found.rule == offer.finding.rule:
        return found.severity.weight >= offer.finding.severity.weight
    return found.severity is Severity.ERROR and found.rule not in known


@every_page
def test_a_backfill_in_a_fix_is_a_command_with_its_sql(page_id):
    for _, offer in every_offer(page_id):
        for stage in offer.stages:
            if "migrasafe backfill" in stage.sql:
                assert statements(stage), stage.sql
