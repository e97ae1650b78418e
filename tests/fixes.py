"""What a fix says: as migrations that can be linted, and as statements that can be run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from msgspec import Struct

from migrasafe.cli.backfill.run import run_command
from migrasafe.edits import edited
from migrasafe.findings import Finding, FixKind
from migrasafe.lint import LintedMigration
from migrasafe.migrations.transaction import refuses_transaction
from migrasafe.rules.page import Block, Page
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.suppress import BAD
from tests.pages import examples, lint_for, statement_span

_STAGE = re.compile(r"^-- (?:\d+\. )?((?!  ).*)$", re.MULTILINE)
_BACKFILL = re.compile(r"^--\s+(migrasafe backfill run .*)$", re.MULTILINE)
_BY_THE_APP = re.compile(r"deploy the app version that writes (\S+), and fill it in the rows there are")


class Stage(Struct, frozen=True, kw_only=True):
    """One migration of a fix, or what comes between two."""

    title: str
    sql: str

    @property
    def in_transaction(self) -> bool:
        script = read_script(Source(path="fix.sql", text=self.sql))
        return "without a transaction" not in self.title and not any(map(refuses_transaction, script.statements))

    @property
    def goes_behind(self) -> bool:
        """It belongs to the migration, which stays as it is."""
        return self.title.startswith(("at the end of the script", "behind ", "in the same transaction"))

    @property
    def after_deploy(self) -> bool:
        """Nothing in the SQL says any more that it is harmless: the app does not use the thing."""
        return self.title.startswith(("when ", "deploy "))


class Offer(Struct, frozen=True, kw_only=True):
    """A fix that lint offers for a bad example of a page."""

    page: Page
    block: Block
    finding: Finding
    before: str
    """What stands in the block before the statement."""
    after: str
    stages: tuple[Stage, ...]

    @property
    def in_transaction(self) -> bool:
        return "no-transaction" not in self.block.words


def offers(page: Page, major: int) -> Iterator[Offer]:
    """The fixes for every finding of the page's rule in its bad examples, on this major version; not those that are a command
    of `migrasafe plan` only."""
    for block, _ in examples(page):
        if major not in block.majors or page.id == BAD:  # that is about a comment, not a statement
            continue
        linted = lint_for(page, block, major)
        for finding in linted.findings:
            if finding.rule == page.id and (finding.fix.steps or finding.fix.replacement):
                yield _offer(page, block, linted, finding)


def _offer(page: Page, block: Block, linted: LintedMigration, finding: Finding) -> Offer:
    (script,) = linted.scripts
    start, end = statement_span(script, finding)
    if finding.fix.kind is FixKind.EDIT:
        # The whole text, cut where the statement stood: what was put in around it belongs to the fix.
        text = edited(block.text, [edit for edit in finding.fix.edits if edit.place.path == finding.place.path])
        tail = block.text[end:]
        stages = (Stage(title="without a transaction", sql=text[start : len(text) - len(tail)]),)
    else:
        stages = tuple(_stages(finding.fix.steps or ""))
    before, after = block.text[:start], block.text[end:].lstrip(" \t;")
    if stages[0].goes_behind:
        before, after = block.text, ""
    if after.strip() and any(after.strip() in stage.sql for stage in stages):
        after = ""  # the fix has taken it in
    return Offer(
        page=page,
        block=block,
        finding=finding,
        before=before,
        after=after,
        stages=stages,
    )


def _stages(steps: str) -> Iterator[Stage]:
    titles = list(_STAGE.finditer(steps))
    if not titles or titles[0].start() > 0:
        yield Stage(title="one migration", sql=steps[: titles[0].start()] if titles else steps)
    if not titles:
        return
    ends = [*(match.start() for match in titles[1:]), len(steps)]
    for match, end in zip(titles, ends, strict=True):
        yield Stage(title=match[1], sql=steps[match.end() : end].strip())


def statements(stage: Stage, table: str | None = None) -> list[str]:
    """To run one by one, with each backfill as the UPDATE that it is made of, and what the app would fill."""
    by_the_app = _BY_THE_APP.search(stage.title)
    if by_the_app and table is not None:
        return [f"UPDATE {table} SET {by_the_app[1]} = '0'"]
    return split(_BACKFILL.sub(lambda match: f"{backfill(match[1])};", stage.sql))


def backfill(command: str) -> str:
    """The UPDATE that a backfill command would run in batches; the command line itself has to understand it."""
    words = shlex.split(command)
    assert words[:3] == ["migrasafe", "backfill", "run"]
    said = run_command.make_context("run", words[3:]).params
    where = f" WHERE {said['where']}" if said["where"] else ""
    return f"UPDATE {said['table']} SET {', '.join(said['assignments'])}{where}"


def split(text: str) -> list[str]:
    script = read_script(Source(path="fix.sql", text=text))
    return [text[one.span.start : one.span.end] for one in script.statements]
