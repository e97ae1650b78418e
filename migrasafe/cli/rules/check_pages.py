"""`migrasafe rules --check`: whether the pages of a project's own rules tell the truth, as ours are tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from migrasafe.cli.terminal import say
from migrasafe.errors import InputError
from migrasafe.page_examples import examples, lint_block
from migrasafe.report.text import render_findings
from migrasafe.rules.book import Book
from migrasafe.rules.page import Block, Page, read_page


def check_pages(book: Book, *, update: bool) -> int:
    """Says what is not true, page by page; the exit status. Raises InputError where there is nothing to check."""
    if not book.own_pages:
        raise InputError(
            'this project has no rules of its own: name their modules in the config, as in rules = ["lint_rules"]'
        )
    wrong = 0
    for rule, file in book.own_pages.items():
        page = read_page(rule, book.own_pages)
        if update:
            Path(file).write_text(_updated(page, book), encoding="utf-8")
            page = read_page(rule, book.own_pages)
        problems = list(_problems(page, book))
        wrong += len(problems)
        for problem in problems:
            say(f"{file}: {problem}")
        if not problems:
            say(f"{file}: says what the check does")
    return 1 if wrong else 0


def _problems(page: Page, book: Book) -> Iterator[str]:
    for number, (migration, output) in enumerate(examples(page), start=1):
        linted = lint_block(page, migration, book)
        own = [one for one in linted.findings if one.rule == page.id]
        if not own:
            yield f"bad example {number}: nothing is found"
        elif _printed(page, migration, book) != output.text:
            yield f"bad example {number}: prints something else; --update-pages writes it into the page"
        worst = max((one.severity for one in own), key=lambda one: one.weight, default=None)
        if worst is not None and worst.value != page.facts.severity:
            yield f"bad example {number}: is found as {worst.value}, and the facts say {page.facts.severity}"
    for number, block in enumerate(page.good, start=1):
        for one in lint_block(page, block, book).findings:
            yield f"good example {number}, line {one.place.line}: {one.severity.value}[{one.rule}] {one.message}"


def _printed(page: Page, migration: Block, book: Book) -> str:
    linted = lint_block(page, migration, book)
    return render_findings(replace(linted, findings=tuple(one for one in linted.findings if one.rule == page.id)))


def _updated(page: Page, book: Book) -> str:
    """The text of the page with what its bad examples print."""
    text = page.text
    for migration, output in reversed(list(examples(page))):
        text = text[: output.span[0]] + _printed(page, migration, book) + text[output.span[1] :]
    return text
