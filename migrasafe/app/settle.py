"""Findings about breaking the running app, decided by what the app does."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Version, Weight
from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintedMigration, LintResult

SETTLED = frozenset(
    {
        "drop-column-in-use",
        "drop-default-of-required-column",
        "drop-key",
        "drop-object-in-use",
        "drop-table-in-use",
        "rename-column-in-use",
        "rename-object-in-use",
        "rename-table-in-use",
    }
)
"""The rules that ask whether the running app uses something, and nothing else."""
_MOST_LINES = 3


def settle(result: LintResult, compat: CompatResult) -> LintResult:
    """The findings that remain errors say which lines of the old version break; the others are advice.

    What the app does is only believed where all of it could be read: where a text that looks like SQL could not be,
    and names the object, the finding stays.
    """
    verdicts = {(one.path, one.id): one for one in compat.migrations}
    migrations = tuple(_settled(one, verdicts.get((one.path, one.id)), compat) for one in result.migrations)
    return replace(result, migrations=migrations)


def _settled(migration: LintedMigration, verdict: MigrationVerdict | None, compat: CompatResult) -> LintedMigration:
    if verdict is None:
        return migration
    breaks = [
        one
        for one in verdict.breakages
        if one.version is Version.OLD and not one.before and one.weight is not Weight.RISK
    ]
    asked = [finding for finding in migration.findings if finding.rule in SETTLED]
    stray = [one for one in breaks if not any(_is_about(one, finding) for finding in asked)]
    findings = tuple(
        _finding(one, breaks, compat, unclear=bool(stray or verdict.not_understood)) if one in asked else one
        for one in migration.findings
    )
    return replace(migration, findings=findings, hint=migration.hint or verdict.deploy.value)


def _finding(finding: Finding, breaks: Sequence[Breakage], compat: CompatResult, *, unclear: bool) -> Finding:
    ours = [one for one in breaks if _is_about(one, finding)]
    if ours:
        more = f" and {len(ours) - _MOST_LINES} more" if len(ours) > _MOST_LINES else ""
        lines = ", ".join(str(one.location) for one in ours[:_MOST_LINES])
        verb = "uses it" if any(one.weight is Weight.FAILS for one in ours) else "may use it"
        return replace(finding, message=f"{finding.message} {compat.old} {verb}: {lines}{more}.", assumed=())
    if unclear:
        return finding
    unread = [one for one in compat.unread if _names(finding) & set(_words(one.text))]
    if unread or any(notice.blocking for notice in compat.notices):
        place = unread[0].location if unread else compat.old
        return replace(finding, assumed=(f"the running app uses it: {place} could not be read",))
    count = dict(compat.queries).get(Version.OLD, 0)
    return replace(
        finding,
        severity=Severity.INFO,
        assumed=(f"{compat.old} has no queries but the {count} that were found; none of them uses it",),
    )


def _is_about(one: Breakage, finding: Finding) -> bool:
    """Whether the finding names what the app misses: `public.orders.note`, `orders`, a key that ON CONFLICT relies on."""
    if one.object is None:
        return one.name in _names(finding)
    table, full = one.object.name, str(one.object)
    if finding.rule == "drop-key":
        return any(named.rpartition(".")[0] in (table, full) for named in finding.objects)
    if one.name is None:
        return any(named in (table, full) or named.rpartition(".")[0] == full for named in finding.objects)
    spelled = {f"{table}.{one.name}", f"{full}.{one.name}"}
    return any(named in spelled or named in (table, full) for named in finding.objects)


def _names(finding: Finding) -> set[str]:
    """The bare names of what a finding is about."""
    return {named.rpartition(".")[2] for named in finding.objects}


def _words(text: str) -> list[str]:
    return "".join(one if one.isalnum() or one == "_" else " " for one in text).split()
