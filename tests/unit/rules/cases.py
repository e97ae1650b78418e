"""Migrations that a rule is asked about beside the examples of its page: `cases/<rule>.sql`.

`-- given` begins the schema of the cases that follow it, `-- case: what it is about` a migration; behind the colon may
stand words of a page's block, in brackets: `-- case: the table is new [no-transaction pg18]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from migrasafe.rules.page import Block

CASES = Path(__file__).parent / "cases"
_SECTION = re.compile(r"^-- (?:given|case: (?P<about>[^\[\n]*?)(?: \[(?P<words>[^\]]*)\])?)\n", re.MULTILINE)


class Case(Struct, frozen=True, kw_only=True):
    """A migration on the schema that is given."""

    about: str
    given: Block
    """Its words are those of the case: they name the version."""
    text: str
    in_transaction: bool


def read_cases(rule: str) -> Iterator[Case]:
    """The cases of a rule, in their order; none where it has no file."""
    path = CASES / f"{rule}.sql"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    given = ""
    found = list(_SECTION.finditer(text))
    for place, match in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(text)
        section = text[match.end() : end].strip() + "\n"
        if match["about"] is None:
            given = section
            continue
        words = frozenset((match["words"] or "").split())
        yield Case(
            about=match["about"] + (f" [{match['words']}]" if words else ""),
            given=Block(language="sql", words=words, text=given, span=(0, 0)),
            text=section,
            in_transaction="no-transaction" not in words,
        )
