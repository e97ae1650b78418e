"""`lint --show-allowed`: what comments take out of the report, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrasafe.cli.inputs import read as read_inputs
from migrasafe.cli.lint.run import Linted
from migrasafe.suppress import Allowed, allowed


def show_allowed(linted: Linted, known: Collection[str]) -> str:
    """A paragraph for each comment, with its reason and the findings that it covers, and a summary.
    `known` are the ids of all rules."""
    found: list[Allowed] = []
    for migration in linted.result.migrations:
        programs = {path: linted.texts[path] for path in read_inputs.origins(migration) if path in linted.texts}
        found.extend(allowed(migration.findings, migration.scripts, known, programs))
    blocks = ["\n".join(_lines(one)) for one in found]
    covered = sum(len(one.findings) for one in found)
    idle = sum(not one.findings for one in found)
    unused = f", {idle} of them nothing" if idle else ""
    comments = f"{len(found)} comment{'' if len(found) == 1 else 's'}"
    last = f"{comments} allow{'s' if len(found) == 1 else ''} {covered} finding{'' if covered == 1 else 's'}{unused}."
    return "\n\n".join([*blocks, last if found else "No comment allows anything."])


def _lines(one: Allowed) -> Iterator[str]:
    allow = one.allow
    scope = " (whole file)" if allow.whole_file else ""
    yield f"{allow.path}:{allow.line}: {', '.join(allow.rules)}{scope}"
    yield f"  because {allow.reason}"
    for finding in one.findings:
        yield f"  {finding.severity.value}[{finding.rule}] line {finding.place.line}: {finding.message}"
    if not one.findings:
        yield "  covers nothing"
