"""Pages of the rule book as tests: how their blocks are linted, and the option `pytest --update-pages`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from migrasafe import page_examples
from migrasafe.findings import Finding
from migrasafe.lint import LintedMigration, LintOptions, lint
from migrasafe.migrations.model import History, SinceCommit
from migrasafe.page_examples import example, examples
from migrasafe.rules.book import Book
from migrasafe.rules.context import Rule
from migrasafe.rules.page import Block, Page
from migrasafe.rules.registry import RULES
from migrasafe.sql.script import Script
from migrasafe.target import Target

BOOK = Book()


__all__ = ["example", "examples", "lint_after", "lint_block", "lint_for", "lint_in_turn", "statement_span", "with_fix"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-pages", action="store_true", help="write what lint prints into the rule pages")


def lint_after(
    given: Sequence[Block],
    text: str,
    *,
    pg_version: int,
    in_transaction: bool,
    since: SinceCommit | None = None,
    rules: Sequence[Rule] = RULES,
) -> LintedMigration:
    """A migration on the schema that Given makes, with the findings that no comment allows."""
    return page_examples.lint_after(
        given, text, BOOK, pg_version=pg_version, in_transaction=in_transaction, since=since, rules=rules
    )


def lint_block(page: Page, block: Block, rules: Sequence[Rule] = RULES) -> LintedMigration:
    return page_examples.lint_block(page, block, BOOK, rules)


def lint_for(page: Page, block: Block, major: int) -> LintedMigration:
    """The block, linted for a major version of its own choice."""
    return lint_after(
        page.before(block), block.text, pg_version=major, in_transaction="no-transaction" not in block.words
    )


def lint_in_turn(
    given: Sequence[Block], migrations: Sequence[tuple[str, bool]], *, pg_version: int
) -> list[LintedMigration]:
    """Several migrations after Given, each the history of the next; with each whether it runs in a transaction."""
    before = [example(f"given-{number}.sql", block.text, in_transaction=False) for number, block in enumerate(given)]
    judged = [
        example(f"migration-{number}.sql", text, in_transaction=in_transaction)
        for number, (text, in_transaction) in enumerate(migrations)
    ]
    history = History(layout="plain", root=".", migrations=(*before, *judged))
    options = LintOptions(
        target=Target(pg_version=pg_version, pg_version_assumed=False), reported=lambda one: one in judged
    )
    return list(lint([history], RULES, options).migrations)


def with_fix(block: Block, linted: LintedMigration, finding: Finding) -> str:
    """The block's text with the finding's replacement in the place of its statement."""
    (script,) = linted.scripts
    start, end = statement_span(script, finding)
    return block.text[:start] + (finding.fix.replacement or "") + block.text[end:]


def statement_span(script: Script, finding: Finding) -> tuple[int, int]:
    """Where the statement stands that a finding is about."""
    lines = script.source.text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: finding.place.line - 1]) + finding.place.column - 1
    return next((one.span.start, one.span.end) for one in script.statements if one.span.start <= offset < one.span.end)
