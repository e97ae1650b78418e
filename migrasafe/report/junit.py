"""JUnit's XML, which every CI system shows as test results: a migration is a suite, each error in it a failed test.

Warnings and advice fail nothing: they stand in the output of their suite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report.words import NOT_CHECKED, explanation, in_repository
from migrasafe.report.xml_text import HEAD, attributes, text


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """One suite for each migration, and one for what could not be read at all."""
    suites = [_suite(migration) for migration in result.migrations]
    unread = [notice for notice in result.notices if notice.blocking]
    if unread:
        cases = [_error(notice, "migrations", number) for number, notice in enumerate(unread, start=1)]
        suites.append((_counts(cases), _tag("testsuite", {"name": "migrations", **_counts(cases)}, cases)))
    total: Counter[str] = Counter()
    for of_suite, _ in suites:
        total.update(of_suite)
    counts = {key: total[key] for key in ("tests", "failures", "errors")}
    named: dict[str, str | int] = {"name": "migrasafe", **counts}
    return HEAD + _tag("testsuites", named, [suite for _, suite in suites]) + "\n"


def _suite(migration: LintedMigration) -> tuple[dict[str, int], str]:
    name = in_repository(migration.path)
    seen: Counter[str] = Counter()
    cases: list[str] = []
    for finding in migration.findings:
        if finding.severity is Severity.ERROR:
            seen[finding.rule] += 1
            cases.append(_failure(finding, name, seen[finding.rule]))
    unread = (notice for notice in migration.notices if notice.blocking)
    cases.extend(_error(notice, name, number) for number, notice in enumerate(unread, start=1))
    if not cases:
        cases.append(_tag("testcase", {"name": "is safe to run", "classname": name}, []))
    counts = _counts(cases)
    output = "\n\n".join(_told(migration))
    said = [_tag("system-out", {}, [text(output)])] if output else []
    return counts, _tag("testsuite", {"name": name, **counts, "file": name, "id": migration.id}, [*cases, *said])


def _told(migration: LintedMigration) -> Iterator[str]:
    for finding in migration.findings:
        if finding.severity is not Severity.ERROR:
            yield f"{finding.severity.value}[{finding.rule}] {_at(finding)}\n{explanation(finding)}"


def _failure(finding: Finding, name: str, number: int) -> str:
    """A test that is called like its rule, so that its history does not depend on lines."""
    case = finding.rule if number == 1 else f"{finding.rule} ({number})"
    inner = text(f"{_at(finding)}\n{explanation(finding)}")
    failure = _tag("failure", {"type": finding.rule, "message": f"{_at(finding)}: {finding.message}"}, [inner])
    return _tag("testcase", {"name": case, "classname": name}, [failure])


def _error(notice: Notice, name: str, number: int) -> str:
    case = NOT_CHECKED if number == 1 else f"{NOT_CHECKED} ({number})"
    said = f"{in_repository(notice.path)}:{notice.line}: {notice.message}"
    return _tag(
        "testcase", {"name": case, "classname": name}, [_tag("error", {"type": NOT_CHECKED, "message": said}, [])]
    )


def _at(finding: Finding) -> str:
    return f"{in_repository(finding.place.path)}:{finding.place.line}:{finding.place.column}"


def _counts(cases: list[str]) -> dict[str, int]:
    return {
        "tests": len(cases),
        "failures": sum("<failure" in case for case in cases),
        "errors": sum("<error" in case for case in cases),
    }


def _tag(name: str, values: Mapping[str, str | int], inner: list[str]) -> str:
    content = "".join(inner)
    return f"<{name}{attributes(values)}>{content}</{name}>" if content else f"<{name}{attributes(values)}/>"
