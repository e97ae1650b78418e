"""Reports held against the schemas of those who read them; tests/schemas/README.md says where these are from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import FormatChecker
from jsonschema.validators import validator_for
from lxml import etree
from msgspec.structs import replace

from migrasafe.findings import Severity
from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.migrations.read import read_history
from migrasafe.report import FORMATS, write_report
from migrasafe.report.compat import FORMATS as COMPAT_FORMATS
from migrasafe.rules.registry import RULES
from tests.in_process import migrasafe
from tests.unit.test_report_formats import FINDING, MIGRATION, NOTHING, NOTICE, RESULT

ROOT = Path(__file__).parent.parent
SCHEMAS = Path(__file__).parent / "schemas"
HOSTILE = "<script>alert(1)</script> \x00\x1b[31m ]]> \ud800 é 😀 \u2028 & \" ' \x7f\x85"


def _project(name: str) -> LintResult:
    return lint(read_history([str(ROOT / "fixtures" / name)]), RULES, LintOptions())


def _hostile() -> LintResult:
    finding = replace(
        FINDING,
        message=HOSTILE,
        help=HOSTILE,
        place=replace(FINDING.place, path=f"db/{HOSTILE}.sql".replace("\ud800", "\udcff")),
    )
    severities = tuple(replace(finding, severity=one) for one in Severity)
    notices = (replace(NOTICE, message=HOSTILE, line=0),)
    return replace(RESULT, migrations=(replace(MIGRATION, findings=severities, notices=notices),))


RESULTS = {
    "nothing": lambda: NOTHING,
    "one finding and a file that was not read": lambda: RESULT,
    "a shop": lambda: _project("demo/migrations"),
    "a project of goose": lambda: _project("goose"),
    "revisions of Alembic": lambda: _project("alembic-shop"),
    "hostile names and messages": _hostile,
}


@pytest.fixture(scope="module", params=RESULTS)
def result(request: pytest.FixtureRequest) -> LintResult:
    made: LintResult = RESULTS[request.param]()
    return made


def _schema_errors(schema: str, document: Any) -> list[str]:
    content = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    validator = validator_for(content)(content, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def _xml_errors(schema: str, text: str) -> list[str]:
    document = etree.fromstring(text.encode())
    validator = etree.XMLSchema(etree.parse(SCHEMAS / schema))
    return [] if validator.validate(document) else [str(error) for error in validator.error_log]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("sarif", "sarif-2.1.0.json"),
        ("gitlab", "gitlab-code-quality.json"),
        ("sonarqube", "sonarqube-generic-issues.json"),
    ],
)
def test_json_reports_are_what_their_schema_says(name: str, schema: str, result: LintResult) -> None:
    assert _schema_errors(schema, json.loads(write_report(name, result, {}, color=False))) == []


@pytest.mark.parametrize(("name", "schema"), [("junit", "junit-10.xsd"), ("checkstyle", "checkstyle.xsd")])
def test_xml_reports_are_what_their_schema_says(name: str, schema: str, result: LintResult) -> None:
    assert _xml_errors(schema, write_report(name, result, {}, color=False)) == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    sarif = json.loads(write_report("sarif", RESULT, {}, color=False))
    region = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    region["startLine"] = 0
    assert _schema_errors("sarif-2.1.0.json", sarif) != []
    sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "not a uri"
    assert len(_schema_errors("sarif-2.1.0.json", sarif)) == 2
    issues = json.loads(write_report("gitlab", RESULT, {}, color=False))
    issues[0]["location"]["lines"]["begin"] = 0
    assert _schema_errors("gitlab-code-quality.json", issues) != []
    junit = write_report("junit", RESULT, {}, color=False).replace("<failure", "<fault").replace("</failure", "</fault")
    assert _xml_errors("junit-10.xsd", junit) != []


def _write_badly_named(folder: Path, text: str) -> str:
    name = os.fsdecode(b"1_\xff.sql")
    try:
        (folder / name).write_text(text, encoding="utf-8")
    except OSError:  # macOS keeps such names out
        name = "1_\N{REPLACEMENT CHARACTER}.sql"
        (folder / name).write_text(text, encoding="utf-8")
    return name


def test_a_file_whose_name_is_no_text_is_in_every_report(tmp_path: Path) -> None:
    _write_badly_named(tmp_path, "TRUNCATE orders;")
    outputs = [word for name in FORMATS for word in ("--output", f"{name}={tmp_path / name}")]
    ran = migrasafe(tmp_path, "lint", ".", "--no-config", *outputs)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert json.loads((tmp_path / "json").read_text())["findings"][0]["path"] == "1_\N{REPLACEMENT CHARACTER}.sql"


def test_a_file_whose_name_is_no_text_is_in_every_report_of_compat(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("CREATE TABLE orders (id int); ALTER TABLE orders ADD note text;")
    (tmp_path / "2.sql").write_text("ALTER TABLE orders DROP note;")
    (tmp_path / "app").mkdir()
    _write_badly_named(tmp_path / "app", "SELECT note FROM orders;")
    for name in COMPAT_FORMATS:
        ran = migrasafe(tmp_path, "compat", "1.sql", "2.sql", "--old", "app", "--new", "app", "--format", name)
        assert (ran.returncode, ran.stderr) == (1, ""), name
        assert ran.stdout.encode(), name


def test_a_patch_names_files_as_git_does(tmp_path: Path) -> None:
    name = _write_badly_named(tmp_path, "CREATE INDEX i ON orders (id);")
    ran = migrasafe(tmp_path, "lint", ".", "--no-config", "--diff")
    (tmp_path / "patch").write_text(ran.stdout, encoding="utf-8")
    subprocess.run(["git", "apply", "--unsafe-paths", "patch"], cwd=tmp_path, check=True)
    assert "CONCURRENTLY" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("fixture", ["alembic-shop", "django-shop"])
def test_what_runs_migrations_is_not_given_a_name_that_is_no_text(fixture: str, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))
    try:
        shutil.copytree(ROOT / "fixtures" / fixture, folder)
    except OSError:  # macOS keeps such names out
        return
    ran = migrasafe(tmp_path, "lint", folder.name, "--no-config")
    assert (ran.returncode, ran.stderr.endswith(": rename it\n")) == (2, True), ran.stderr
