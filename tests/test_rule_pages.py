"""Every page of the rule book tells the truth: its bad examples print what it shows, its good ones are silent."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from migrasafe.errors import ConfigError
from migrasafe.findings import Severity
from migrasafe.locks import LockMode
from migrasafe.report.text import render_findings
from migrasafe.rules.page import Page, page_ids, page_path, parse_page, read_page
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.suppress import BAD, UNUSED
from tests.pages import examples, lint_after, lint_block, with_fix

page_of = cache(read_page)
every_page = pytest.mark.parametrize("page_id", page_ids())


def test_the_registry_has_a_rule_for_every_page_and_no_other():
    assert sorted((*(rule.id for rule in RULES), BAD, UNUSED)) == sorted(page_ids())


def test_rules_that_are_off_by_default_say_so_on_their_pages():
    assert {rule.id: rule.default for rule in RULES} == {rule.id: page_of(rule.id).facts.default for rule in RULES}


@every_page
def test_bad_examples_print_what_the_page_shows(page_id, request):
    page = page_of(page_id)
    shown, printed = page.text, page.text
    for migration, output in reversed(list(examples(page))):
        linted = lint_block(page, migration)
        own = tuple(one for one in linted.findings if one.rule == page_id)
        text = render_findings(replace(linted, findings=own))
        printed = printed[: output.span[0]] + text + printed[output.span[1] :]
        assert own, f"nothing is found in:\n{migration.text}"
    if request.config.getoption("--update-pages") and printed != shown:
        page_path(page_id).write_text(printed, encoding="utf-8")
        page_of.cache_clear()
    else:
        assert printed == shown, "`pytest --update-pages` writes what is printed now"


@every_page
def test_bad_examples_have_the_severity_of_the_page(page_id):
    page = page_of(page_id)
    weights = [
        finding.severity.weight
        for migration, _ in examples(page)
        for finding in lint_block(page, migration).findings
        if finding.rule == page_id
    ]
    assert max(weights) == Severity(page.facts.severity).weight


@every_page
def test_bad_examples_are_found_with_the_lock_and_the_work_of_the_page(page_id):
    page = page_of(page_id)
    works: set[str] = set()
    for migration, _ in examples(page):
        own = [one for one in lint_block(page, migration).findings if one.rule == page_id]
        locks = [one.lock for one in own if one.lock is not None]
        strongest = max(locks, key=lambda mode: mode.strength).value if locks else None
        if strongest is not None:
            assert strongest == page.facts.lock_on(migration.pg_version)
        works.update(one.work for one in own if one.work is not None)
        assert not works or page.facts.work_on(migration.pg_version) in works


@every_page
def test_good_examples_are_silent(page_id):
    page = page_of(page_id)
    assert page.good
    for block in page.good:
        told = [one for one in lint_block(page, block).findings if one.severity is not Severity.INFO]
        assert told == [], f"found in:\n{block.text}"


@every_page
def test_the_suggested_replacement_is_silent_too(page_id):
    page = page_of(page_id)
    for migration, _ in examples(page):
        linted = lint_block(page, migration)
        for finding in linted.findings:
            if finding.rule == page_id and finding.fix.replacement is not None:
                text = with_fix(migration, linted, finding)
                again = lint_after(page.given, text, pg_version=migration.pg_version, in_transaction=False)
                assert [one.message for one in again.findings if one.severity is Severity.ERROR] == []


@every_page
def test_suggested_steps_are_sql_that_can_be_pasted(page_id):
    page = page_of(page_id)
    for migration, _ in examples(page):
        for finding in lint_block(page, migration).findings:
            steps = finding.fix.steps
            if finding.rule == page_id and steps is not None and "<" not in steps and "…" not in steps:
                script = read_script(Source(path="steps.sql", text=steps))
                assert [getattr(one, "reason", None) for one in script.statements] == [None] * len(script.statements)


def _with(page: Page, old: str, new: str) -> str:
    assert old in page.text
    return page.text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('severity = "error"', 'severity = "fatal"', "Invalid enum value 'fatal'"),
        ('severity = "error"', 'severty = "error"', "severty"),
        ('since = "0.1.0"\n', "", "missing required field `since`"),
        ('lock = "SHARE"', 'lock = "share"', "Invalid enum value 'share'"),
        ("## Why", "## Reason", "the sections must be Why, Given, Bad, Good, When it is fine"),
        ("```sql\nCREATE INDEX", "```sql pg9\nCREATE INDEX", "pg9 is not known here"),
        ("# create-index", "# make-index", "must begin with"),
        ("```text", "```sql", "each followed by a text block"),
        ("```text", "```yaml", "a block must be sql, python, text or toml, not yaml"),
        ("```toml", "```sql", "the first block must be the facts"),
        ("## Good\n\n```sql", "## Good\n\n```sql next", "the first block of Good is not next to any"),
    ],
)
def test_a_page_with_a_mistake_is_refused_with_its_name_and_the_mistake(old, new, complaint):
    text = _with(page_of("create-index-without-concurrently"), old, new)
    with pytest.raises(ConfigError) as refused:
        parse_page("create-index-without-concurrently", text, "rules/page.md")
    assert str(refused.value).startswith("rules/page.md")
    assert complaint in str(refused.value)


def test_a_block_is_linted_for_the_version_that_it_names():
    assert page_of("set-not-null-by-full-scan").good[-1].pg_version == 18


def test_locks_of_pages_are_those_of_postgresql():
    named = {page_of(page_id).facts.lock for page_id in page_ids()} - {None}
    assert named <= {mode.value for mode in LockMode}
