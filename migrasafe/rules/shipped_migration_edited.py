"""A migration that has shipped is changed: databases that ran it do not run it again."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step

_COMPARE_WHOLE_FILES = {"flyway": "Flyway", "sqlx": "sqlx"}
"""Comments and space count in their checksums, and with another checksum they run nothing at all."""
_COMPARE_CHECKSUMS = frozenset({"flyway", "liquibase", "sqlx", "atlas", "prisma"})


def check(step: Step) -> Iterator[Finding]:
    since = step.migration.since
    if since is None or not (since.edited or since.renamed_from or since.respaced):
        return
    if since.renamed_from is not None:
        yield step.finding(
            RULE.id,
            f"This migration was in {since.ref} as {since.renamed_from}: a database that has run it under that name runs it again "
            "under this one, or the tool stops because one of its migrations is missing.",
            severity=Severity.WARNING,
            help="Give it its name back.",
            assumed=(f"what is in {since.ref} has run somewhere",),
        )
        return
    if not since.edited:
        if step.layout in _COMPARE_WHOLE_FILES:
            yield step.finding(
                RULE.id,
                f"This migration was in {since.ref} with other comments or spaces: {_COMPARE_WHOLE_FILES[step.layout]} notices "
                "that the checksum is another, and runs nothing on a database that has run it.",
                severity=Severity.WARNING,
                help="Put it back as it was; what it is allowed to do can stand in the baseline.",
                assumed=(f"what is in {since.ref} has run somewhere",),
            )
        return
    refuses = f" {step.layout} notices that the checksum is another." if step.layout in _COMPARE_CHECKSUMS else ""
    yield step.finding(
        RULE.id,
        f"This migration was in {since.ref} with other statements: a database that has run it stays as it is, and is no "
        f"longer like one that runs it now.{refuses}",
        severity=Severity.WARNING,
        help="Put it back as it was, and make the change in a new migration.",
        assumed=(f"what is in {since.ref} has run somewhere",),
    )


RULE = Rule(id="shipped-migration-edited", check=check, needs_git=True, once=True)
