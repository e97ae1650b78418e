"""Findings in words, with all that a report may show of them."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Place


def briefly(finding: Finding) -> str:
    """How grave, and what a program reads of it: neither its place nor the sentences."""
    facts: list[str] = []
    if finding.objects:
        facts.append(f"of {', '.join(finding.objects)}")
    if finding.lock is not None:
        facts.append(f"lock {finding.lock.value}")
    if finding.work is not None:
        facts.append(f"work {finding.work}")
    facts.append(f"fix {finding.fix.kind.value}")
    return f"{finding.severity.value}[{finding.rule}] {'; '.join(facts)}"


def placed(finding: Finding) -> str:
    return f"{span(finding.place)} {briefly(finding)}"


def span(place: Place) -> str:
    return f"{place.line}:{place.column}–{place.end_line}:{place.end_column}"


def in_full(finding: Finding) -> Iterator[str]:
    yield briefly(finding)
    yield f"  {finding.message}"
    yield from (f"  assumed: {one}" for one in finding.assumed)
    if finding.help:
        yield f"  help: {finding.help}"
    for what, text in (("instead", finding.fix.replacement), ("steps", finding.fix.steps)):
        if text is not None:
            yield from (f"  {what}: {line}" for line in text.splitlines())
    if finding.fix.command is not None:
        yield f"  command: {finding.fix.command}"
    for edit in finding.fix.edits:
        if edit.replacement != finding.fix.replacement:
            yield f"  edit: {edit.place.path} {span(edit.place)} {edit.replacement!r}"
