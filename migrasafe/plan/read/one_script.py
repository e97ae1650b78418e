"""A migration of any tool as one script, with what its file says to `migrasafe plan` in comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from migrasafe.migrations.model import Migration
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source

_IN_PROGRAM = re.compile(r"^[^\n]*?(?:#|//)\s*(migrasafe:[^\n]*)$", re.MULTILINE)
_WAY_BACK = re.compile(r"^\s*(?:async\s+)?(?:def downgrade\b|func down)", re.MULTILINE)


def one_script(migrations: Sequence[Migration], program: str | None = None) -> Script:
    """The statements of all parts in a row. `program`: the text of the Python or Go file that they were rendered from."""
    scripts = [part.script for migration in migrations for part in migration.parts]
    if len(scripts) == 1 and program is None:
        return scripts[0]
    said = list(_said(scripts) if program is None else _said_in_program(program))
    texts = [f"-- {comment}" for comment in said]
    texts += [f"{script.text_of(one)};" for script in scripts for one in script.statements]
    path = scripts[0].source.path if scripts else ""
    joined = read_script(Source(path=path, text="\n".join(texts) + "\n"))
    if any(script.origins is None for script in scripts) or not scripts:
        return joined
    origins = tuple(origin for script in scripts for origin in script.origins or ())
    return Script(source=joined.source, statements=joined.statements, comments=joined.comments, origins=origins)


def _said(scripts: Iterable[Script]) -> Iterator[str]:
    for script in scripts:
        yield from (" ".join(one.text.split()) for one in script.comments if "migrasafe:" in one.text)


def _said_in_program(text: str) -> Iterator[str]:
    end = _WAY_BACK.search(text)
    for found in _IN_PROGRAM.finditer(text[: end.start()] if end else text):
        yield found[1].strip()
