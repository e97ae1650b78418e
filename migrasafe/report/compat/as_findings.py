"""The verdict as findings at the app's own lines, so that the reports for other tools are those of `lint`.

Where no order works, or none is known, what breaks is an error, as it is for the exit status; where the order alone decides, it is a
warning that says so.
"""

from __future__ import annotations

from migrasafe.app.verdict import Breakage, CompatResult, Deploy, MigrationVerdict, Weight
from migrasafe.findings import Finding, Fix, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.compat.words import Texts, place_of, reason, rule_of, when
from migrasafe.target import Target

_UNSOLVED = (Deploy.SPLIT, Deploy.UNKNOWN)
_ORDER = {
    Deploy.BEFORE: "Run the migration, then deploy.",
    Deploy.AFTER: "Deploy, wait until the old version is gone, then run the migration.",
    Deploy.EITHER: "The order does not matter.",
    Deploy.SPLIT: "No order works: `migrasafe plan` splits the change into steps that can be deployed.",
    Deploy.UNKNOWN: "Whether it runs before or after the deploy depends on this.",
}


def as_findings(result: CompatResult, texts: Texts) -> LintResult:
    """One finding for each line of the app that breaks; what could not be read is a notice, as in `lint`."""
    unread = (
        Notice(path=one.location.path, line=one.location.line, message=f"looks like SQL: {one.reason}", blocking=False)
        for one in result.unread
    )
    notices = (Notice(path=one.path, line=1, message=one.message, blocking=one.blocking) for one in result.notices)
    return LintResult(
        target=Target(pg_version=result.pg_version),
        migrations=tuple(_migration(one, texts) for one in result.migrations),
        notices=(*notices, *unread),
    )


def _migration(one: MigrationVerdict, texts: Texts) -> LintedMigration:
    return LintedMigration(
        path=one.path,
        id=one.id,
        transaction=True,
        statements=0,
        findings=tuple(_finding(breakage, one, texts) for breakage in one.breakages),
        scripts=(),
        hint=one.deploy.value,
        notices=tuple(Notice(path=one.path, line=1, message=text, blocking=True) for text in one.not_understood),
    )


def _finding(one: Breakage, migration: MigrationVerdict, texts: Texts) -> Finding:
    severity = Severity.ERROR if migration.deploy in _UNSOLVED else Severity.WARNING
    return Finding(
        rule=rule_of(one),
        severity=Severity.INFO if one.weight is Weight.RISK else severity,
        place=place_of(one, texts),
        message=f"{when(one, migration)}: {reason(one)}.",
        help="" if one.weight is Weight.RISK else _ORDER[migration.deploy],
        objects=(str(one.object) if one.name is None else f"{one.object}.{one.name}",)
        if one.object is not None
        else (),
        fix=Fix(steps=one.rewrite or None),
    )
