"""Which fixes to apply together, and what a file says after them.

One rule at a time in each file, the one whose finding stands first; of fixes that touch each other, the one that stands
first. What is left is looked at again in the changed text, so that the next round never works with places of the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from migrasafe.findings import Edit, Finding
from migrasafe.sql.source import Source


class Round(Struct, frozen=True, kw_only=True):
    """Fixes that do not touch each other, and the edits that they make, by path."""

    findings: tuple[Finding, ...]
    edits: Mapping[str, tuple[Edit, ...]]


def next_round(findings: Iterable[Finding]) -> Round:
    """The fixes to apply next, of findings that have edits."""
    rule_of: dict[str, str] = {}
    chosen: list[Finding] = []
    edits: dict[str, list[Edit]] = {}
    for finding in sorted(findings, key=_order):
        made = finding.fix.edits
        if not made or rule_of.setdefault(finding.place.path, finding.rule) != finding.rule:
            continue
        if any(_touch(edit, other) for edit in made for other in edits.get(edit.place.path, ()) if edit != other):
            continue
        chosen.append(finding)
        for edit in made:
            if edit not in edits.setdefault(edit.place.path, []):  # two fixes may want the same mark
                edits[edit.place.path].append(edit)
    return Round(findings=tuple(chosen), edits={path: tuple(made) for path, made in edits.items()})


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text after the edits, which do not touch each other; all else stays to the character."""
    source = Source(path="", text=text)
    spans = [
        (source.offset(edit.place.line, edit.place.column), source.offset(edit.place.end_line, edit.place.end_column))
        for edit in edits
    ]
    # From the end, so that offsets hold; what is put in where other text is replaced comes before it.
    for (start, end), edit in sorted(zip(spans, edits, strict=True), key=lambda one: one[0], reverse=True):
        text = text[:start] + edit.replacement + text[end:]
    return text


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.place.path, finding.place.line, finding.place.column, finding.rule


def _touch(one: Edit, other: Edit) -> bool:
    """Whether they overlap or stand side by side, so that their order would matter."""
    first, second = one.place, other.place
    return (first.line, first.column) <= (second.end_line, second.end_column) and (second.line, second.column) <= (
        first.end_line,
        first.end_column,
    )
