"""What stays the same about a finding while lines move: the rule, the objects, and the words of what it points at.

Comments, space and line numbers do not count, nor does the name of the file: who compares findings has that beside it. Of
findings that are alike in one file, the first stays the first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

from migrasafe.findings import Finding, Place
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.sql.lexer import Kind, tokens

_LENGTH = 32
"""Hexadecimal digits: 128 bits."""


def fingerprints(result: LintResult, texts: Mapping[str, str]) -> tuple[str, ...]:
    """One for each of `result.findings`, in their order. `texts` are the programs, by path, that SQL was rendered from."""
    found: list[str] = []
    seen: Counter[tuple[str, str]] = Counter()
    for migration in result.migrations:
        sources = _sources(migration)
        lines: dict[str, list[str]] = {}
        for finding in migration.findings:
            path = finding.place.path
            if path not in lines:
                lines[path] = (sources.get(path) or texts.get(path, "")).split("\n")
            pointed_at = _words(_text(finding.place, lines[path]), sql=path in sources)
            digest = _digest(finding, pointed_at)
            found.append(_hash(digest, str(seen[path, digest])))
            seen[path, digest] += 1
    return tuple(found)


def _sources(migration: LintedMigration) -> dict[str, str]:
    """The texts of its files of SQL."""
    return {script.source.path: script.source.text for script in migration.scripts if script.origins is None}


def _text(place: Place, lines: list[str]) -> str:
    """What a place points at; where it has no width, its line."""
    chosen = lines[place.line - 1 : place.end_line]
    if not chosen or (place.end_line, place.end_column) <= (place.line, place.column):
        return "".join(lines[place.line - 1 : place.line])
    chosen[-1] = chosen[-1][: place.end_column - 1]
    chosen[0] = chosen[0][place.column - 1 :]
    return "\n".join(chosen)


def _words(text: str, *, sql: bool) -> str:
    if not sql:
        return " ".join(text.split())
    found = tokens(text, 0, len(text))
    return " ".join(text[token.start : token.end] for token in found if token.kind is not Kind.COMMENT)


def _digest(finding: Finding, words: str) -> str:
    return _hash(finding.rule, *finding.objects, words)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:_LENGTH]
