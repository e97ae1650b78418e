"""Reports for machines keep to the formats of those who read them."""

from __future__ import annotations

import json

from msgspec.structs import replace

from migrasafe.findings import Edit, Finding, Fix, FixKind, Place, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice
from migrasafe.report import FORMATS, write_report
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

FINDING = Finding(
    rule="truncate-table",
    severity=Severity.ERROR,
    place=Place(path="db/a,b:c ü.sql", line=2, column=1, end_line=2, end_column=9),
    message="100% of the rows are lost.",
    help="Keep\r\nthem.",
    assumed=("it has rows",),
)
NOTICE = Notice(path="db/x.py", line=3, message="needs a server", blocking=True)
SCRIPT = read_script(Source(path=FINDING.place.path, text="\nTRUNCATE a;"))
MIGRATION = LintedMigration(
    path=FINDING.place.path, id="1", transaction=True, statements=1, findings=(FINDING,), scripts=(SCRIPT,)
)
RESULT = LintResult(target=Target(), migrations=(MIGRATION,), notices=(NOTICE,))
NOTHING = LintResult(target=Target(), migrations=())


def test_every_format_can_say_that_nothing_was_found():
    for name in FORMATS:
        assert "truncate" not in write_report(name, NOTHING, {}, color=False)


def test_github_annotations_are_one_line_each_and_escaped():
    assert write_report("github", RESULT, {}, color=False).splitlines() == [
        "::warning file=db/x.py,line=3,title=not checked::needs a server",
        "::error file=db/a%2Cb%3Ac ü.sql,line=2,endLine=2,title=truncate-table,col=1,endColumn=9"
        "::100%25 of the rows are lost.%0AAssumed: it has rows.%0AKeep%0D%0Athem.",
    ]


def test_sarif_names_the_rule_the_place_and_what_was_not_checked():
    (run,) = json.loads(write_report("sarif", RESULT, {}, color=False))["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("truncate-table", 0, "error")
    assert result["message"]["text"].startswith("100% of the rows are lost.")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "db/a%2Cb%3Ac%20%C3%BC.sql"}
    assert place["region"] == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 9}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["truncate-table"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "needs a server"}


def test_json_has_its_keys_in_the_order_of_the_contract():
    document = json.loads(write_report("json", RESULT, {}, color=False))
    assert list(document) == ["version", "pg_version", "files", "statements", "findings", "migrations", "notices"]
    assert list(document["findings"][0])[:7] == [
        "rule", "severity", "path", "line", "column", "end_line", "end_column"
    ]  # fmt: skip
    assert document["notices"] == [{"path": "db/x.py", "line": 3, "message": "needs a server", "blocking": True}]


def _with_edits() -> LintResult:
    edits = (
        Edit(
            place=Place(path="db/2 b.sql", line=1, column=1, end_line=1, end_column=1),
            replacement="-- no-transaction\n",
        ),
        Edit(place=Place(path="db/2 b.sql", line=3, column=2, end_line=4, end_column=9), replacement="SELECT 1"),
        Edit(place=Place(path="db/2 b.sql.conf", line=1, column=1, end_line=1, end_column=1), replacement="x=1\n"),
    )
    fix = Fix(kind=FixKind.EDIT, replacement="SELECT 1", edits=edits)
    return replace(RESULT, migrations=(replace(MIGRATION, findings=(replace(FINDING, fix=fix),)),))


def test_json_has_every_edit_of_a_fix():
    (finding,) = json.loads(write_report("json", _with_edits(), {}, color=False))["findings"]
    assert list(finding["fix"]) == ["kind", "replacement", "steps", "edits", "command"]
    assert finding["fix"]["edits"][1] == {
        "path": "db/2 b.sql",
        "line": 3,
        "column": 2,
        "end_line": 4,
        "end_column": 9,
        "replacement": "SELECT 1",
    }
    assert [edit["path"] for edit in finding["fix"]["edits"]] == ["db/2 b.sql", "db/2 b.sql", "db/2 b.sql.conf"]


def test_sarif_has_the_edits_of_a_fix_file_by_file():
    (run,) = json.loads(write_report("sarif", _with_edits(), {}, color=False))["runs"]
    (fix,) = run["results"][0]["fixes"]
    first, second = fix["artifactChanges"]
    assert fix["description"] == {"text": FINDING.help}
    assert first["artifactLocation"] == {"uri": "db/2%20b.sql"}
    assert first["replacements"][1] == {
        "deletedRegion": {"startLine": 3, "startColumn": 2, "endLine": 4, "endColumn": 9},
        "insertedContent": {"text": "SELECT 1"},
    }
    assert [len(first["replacements"]), len(second["replacements"])] == [2, 1]
    (plain,) = json.loads(write_report("sarif", RESULT, {}, color=False))["runs"]
    assert "fixes" not in plain["results"][0]
