"""Reports, read by the libraries that read them elsewhere, or held against what their readers document."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from sarif import loader

from migrasafe.findings import Severity
from migrasafe.fingerprints import fingerprints
from migrasafe.report import FORMATS, write_report
from tests.unit.test_report_formats import FINDING, NOTHING, NOTICE, RESULT

ROOT = Path(__file__).parent.parent
FORMS = [name for name in FORMATS if name not in ("text", "statistics")]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every report about one project, written in one run."""
    folder = tmp_path_factory.mktemp("reports")
    outputs = [word for name in FORMS for word in ("--output", f"{name}={folder / name}")]
    command = [sys.executable, "-m", "migrasafe", "lint", "fixtures/demo/migrations", "--no-config", *outputs]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    return folder


@pytest.fixture(scope="module")
def found(reports: Path) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads((reports / "json").read_text())["findings"]
    assert len(findings) > 5
    return findings


def test_sarif_tools_reads_every_result(reports: Path, found: list[dict[str, Any]]) -> None:
    (reports / "found.sarif").write_text((reports / "sarif").read_text())
    read = loader.load_sarif_file(str(reports / "found.sarif"))
    assert read.get_distinct_tool_names() == ["migrasafe"]
    records = read.get_records()
    assert [(one["Location"], one["Line"], one["Severity"]) for one in records] == [
        (one["path"], one["line"], one["severity"]) for one in found
    ]


def test_every_rule_that_sarif_names_has_its_help(reports: Path) -> None:
    (run,) = json.loads((reports / "sarif").read_text())["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rule["help"]["markdown"].startswith(f"# {rule['id']}\n") and rule["help"]["text"] for rule in rules)
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]


def test_gitlab_issues_have_what_its_schema_wants(reports: Path, found: list[dict[str, Any]]) -> None:
    issues = json.loads((reports / "gitlab").read_text())
    assert [one["location"]["lines"]["begin"] for one in issues] == [one["line"] for one in found]
    for issue in issues:
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert all(issue[key] for key in ("description", "check_name", "fingerprint"))
        assert not issue["location"]["path"].startswith(("./", "/"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_junit_counts_errors_as_failures(reports: Path, found: list[dict[str, Any]]) -> None:
    suites = JUnitXml.fromfile(str(reports / "junit"))
    errors = [one for one in found if one["severity"] == "error"]
    assert (suites.failures, suites.errors) == (len(errors), 0)
    failed = [(case.name, case.result[0].message) for suite in suites for case in suite if case.result]
    assert [message for _, message in failed] == [
        f"{one['path']}:{one['line']}:{one['column']}: {one['message']}" for one in errors
    ]
    assert all(case.name == "is safe to run" for suite in suites for case in suite if not case.result)


def test_what_could_not_be_read_is_an_error_in_junit() -> None:
    suites = JUnitXml.fromstring(write_report("junit", RESULT, {}, color=False).encode())
    assert (suites.tests, suites.failures, suites.errors) == (2, 1, 1)


def test_checkstyle_has_every_finding_under_its_file(reports: Path, found: list[dict[str, Any]]) -> None:
    root = ElementTree.parse(reports / "checkstyle").getroot()
    assert root.tag == "checkstyle"
    told = [(file.get("name"), int(one.get("line", "")), one.get("source")) for file in root for one in file]
    assert told == [(one["path"], one["line"], f"migrasafe.{one['rule']}") for one in found]


def test_sonarqube_issues_name_rules_that_are_described(reports: Path, found: list[dict[str, Any]]) -> None:
    document = json.loads((reports / "sonarqube").read_text())
    rules = {rule["id"]: rule for rule in document["rules"]}
    assert set(rules) == {one["ruleId"] for one in document["issues"]}
    for rule in rules.values():
        assert set(rule) == {
            "id", "name", "description", "engineId", "cleanCodeAttribute", "type", "severity", "impacts"
        }  # fmt: skip
    ranges = [issue["primaryLocation"]["textRange"] for issue in document["issues"]]
    assert [one["startLine"] for one in ranges] == [one["line"] for one in found]
    assert all(one["startLine"] <= one["endLine"] for one in ranges)


def test_lines_count_from_1_in_every_report(found: list[dict[str, Any]]) -> None:
    first = min(found, key=lambda one: (one["path"], one["line"]))
    assert (ROOT / first["path"]).read_text().split("\n")[first["line"] - 1].startswith("ALTER TABLE orders")


def test_what_could_not_be_checked_is_in_every_report() -> None:
    for name in set(FORMS) - {"html"}:
        assert NOTICE.path.split("/")[-1] in write_report(name, RESULT, {}, color=False), name
        assert NOTICE.message in write_report(name, RESULT, {}, color=False), name
    assert NOTICE.message in write_report("html", RESULT, {}, color=False)


class _Elements(HTMLParser):
    """Which elements are open; fails where they do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_nests_needs_nothing_else_and_shows_each_finding(reports: Path, found: list[dict[str, Any]]) -> None:
    elements = _Elements()
    elements.feed((reports / "html").read_text())
    assert elements.open == []
    assert elements.seen.count("article") == len(found)
    assert "script" not in elements.seen and "link" not in elements.seen


def _with_message(message: str, count: int = 1) -> Any:
    from msgspec.structs import replace

    finding = replace(FINDING, message=message, severity=Severity.ERROR)
    migration = replace(RESULT.migrations[0], findings=tuple(replace(finding, help=str(n)) for n in range(count)))
    return replace(RESULT, migrations=(migration,))


def test_what_is_found_cannot_break_out_of_a_report() -> None:
    hostile = "<script>alert(1)</script> \x00\x1b[31m ]]> </details> `x` @org/team [a](javascript:b) | ```"
    result = _with_message(hostile)
    for name in ("junit", "checkstyle"):
        root = ElementTree.fromstring(write_report(name, result, {}, color=False))
        assert any("<script>" in (value or "") for one in root.iter() for value in one.attrib.values())
    elements = _Elements()
    elements.feed(write_report("html", result, {}, color=False))
    assert "script" not in elements.seen
    markdown = write_report("markdown", result, {}, color=False)
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert "@org" not in markdown


def test_markdown_fits_into_a_comment_and_counts_what_is_left_out() -> None:
    text = write_report("markdown", _with_message("é" * 900, 200), {}, color=False)
    assert len(text.encode()) < 65_536
    assert text.rstrip().splitlines()[-1].endswith(" errors more: the log of the job has all of it.")
    assert "more: the log" not in write_report("markdown", _with_message("short", 3), {}, color=False)


def test_nothing_found_is_said_in_every_report() -> None:
    for name in FORMS:
        write_report(name, NOTHING, {}, color=False)
    assert write_report("markdown", NOTHING, {}, color=False).startswith("### migrasafe: nothing found\n")
    assert json.loads(write_report("gitlab", NOTHING, {}, color=False)) == []


def test_fingerprints_survive_moved_lines_and_comments_and_tell_twins_apart() -> None:
    from migrasafe.lint import LintOptions, lint
    from migrasafe.migrations.model import History, Migration, Part
    from migrasafe.rules.registry import RULES
    from migrasafe.sql.parse import read_script
    from migrasafe.sql.source import Source

    def marks(text: str) -> list[str]:
        script = read_script(Source(path="a.sql", text=text))
        history = History(
            layout="plain", root=".", migrations=(Migration(id="1", path="a.sql", parts=(Part(script=script),)),)
        )
        rules = [rule for rule in RULES if rule.id == "truncate-table"]
        result = lint([history], rules, LintOptions())
        return list(fingerprints(result, {}))

    plain = marks("TRUNCATE a;\nTRUNCATE b;\nTRUNCATE a;\n")
    assert len(set(plain)) == 3
    assert marks("-- moved\n\n  TRUNCATE /* away */ a;\n\nTRUNCATE\n  b; TRUNCATE a;") == plain
    assert marks("TRUNCATE b;") == plain[1:2]
