"""Migrations that a rule is asked about beside the examples of its page: `cases/<rule>.sql`.

`-- given` begins the schema of the cases that follow it, `-- case: what it is about` a migration; behind the colon may
stand words of a page's block and the name of a migration tool, in brackets: `-- case: the table is new [no-transaction pg18 flyway]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct

from migrasafe.lint import LintedMigration, LintOptions, lint
from migrasafe.migrations.formats import FORMATS
from migrasafe.migrations.model import History
from migrasafe.rules.page import Block
from migrasafe.rules.registry import RULES
from migrasafe.target import Target
from tests.pages import example

CASES = Path(__file__).parent / "cases"
_SECTION = re.compile(r"^-- (?:given|case: (?P<about>[^\[\n]*?)(?: \[(?P<words>[^\]]*)\])?)\n", re.MULTILINE)


class Case(Struct, frozen=True, kw_only=True):
    """A migration on the schema that is given."""

    about: str
    given: str
    block: Block

    def linted(self) -> LintedMigration:
        before = example("given.sql", self.given, in_transaction=False)
        migration = example("migration.sql", self.block.text, in_transaction="no-transaction" not in self.block.words)
        layout = next((word for word in self.block.words if word in FORMATS), "plain")
        target = Target(pg_version=self.block.pg_version, pg_version_assumed=False)
        (linted,) = lint(
            [History(layout=layout, root=".", migrations=(before, migration))],
            RULES,
            LintOptions(target=target, reported=lambda one: one is migration),
        ).migrations
        return linted


def read_cases(rule: str) -> Iterator[Case]:
    """The cases of a rule, in their order; none where it has no file."""
    path = CASES / f"{rule}.sql"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    given = ""
    found = list(_SECTION.finditer(text))
    for match, after in zip_longest(found, found[1:]):
        section = text[match.end() : after.start() if after is not None else len(text)].rstrip() + "\n"
        if match["about"] is None:
            given = section
            continue
        words = frozenset((match["words"] or "").split())
        yield Case(
            about=match["about"] + (f" [{match['words']}]" if words else ""),
            given=given,
            block=Block(language="sql", words=words, text=section, span=(0, 0)),
        )
