"""The examples of a rule's page, linted as the page means them: each after what is given, in the transaction it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from migrasafe.lint import LintedMigration, LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, SinceCommit, TransactionMode
from migrasafe.rules.book import Book
from migrasafe.rules.context import Rule
from migrasafe.rules.page import Block, Page
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.suppress import suppress
from migrasafe.target import Target

_SINCE = {
    "edited": SinceCommit(ref="origin/main", edited=True),
    "renamed": SinceCommit(ref="origin/main", renamed_from="notes.sql"),
    "late": SinceCommit(ref="origin/main", overtaken_by="migration-2.sql"),
}


def examples(page: Page) -> Iterator[tuple[Block, Block]]:
    """The bad migrations, each with the block of its output."""
    return zip(page.bad[::2], page.bad[1::2], strict=True)


def lint_block(page: Page, block: Block, book: Book, rules: Sequence[Rule] | None = None) -> LintedMigration:
    """A block of a page, for the version of PostgreSQL and in the transaction that it asks for. `rules`: not all of the book."""
    return lint_after(
        page.before(block),
        block.text,
        book,
        pg_version=block.pg_version,
        in_transaction="no-transaction" not in block.words,
        since=_SINCE.get(next(iter(block.words & set(_SINCE)), "")),
        rules=rules,
    )


def lint_after(
    given: Sequence[Block],
    text: str,
    book: Book,
    *,
    pg_version: int,
    in_transaction: bool,
    since: SinceCommit | None = None,
    rules: Sequence[Rule] | None = None,
) -> LintedMigration:
    """A migration on the schema that the given blocks make, with the findings that no comment allows. Pure."""
    before = [example(f"given-{number}.sql", block.text, in_transaction=False) for number, block in enumerate(given)]
    migration = replace(example("migration.sql", text, in_transaction=in_transaction), since=since)
    history = History(layout="plain", root=".", migrations=(*before, migration))
    options = LintOptions(
        target=Target(pg_version=pg_version, pg_version_assumed=False), reported=lambda one: one is migration
    )
    (linted,) = lint([history], book.rules if rules is None else rules, options).migrations
    return replace(linted, findings=suppress(linted.findings, linted.scripts, book.known))


def example(path: str, text: str, *, in_transaction: bool) -> Migration:
    """A text as a migration."""
    mode = TransactionMode.ONE if in_transaction else TransactionMode.NONE
    script = read_script(Source(path=path, text=text))
    return Migration(id=path, path=path, parts=(Part(script=script, wrapped=mode),))
