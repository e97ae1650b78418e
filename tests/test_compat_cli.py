"""What people see of `migrasafe compat`: its formats, exit statuses and what it says about input it cannot use."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

SHOP = Path(__file__).parent.parent / "fixtures" / "compat" / "queries"


def compat(*arguments: str, cwd: Path = SHOP) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrasafe", "compat", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def shop(*more: str) -> subprocess.CompletedProcess[str]:
    return compat("migrations", "--old", "old.sql", "--new", "new.sql", *more)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_the_json_report_has_both_versions_before_and_after_each_migration_and_every_breaking_line() -> None:
    done = shop("--from", "0002", "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert [(one["id"], one["deploy"]) for one in report["migrations"]] == [
        ("0002_currency", "before"),
        ("0003_drop_note", "after"),
    ]
    dropped = report["migrations"][1]
    assert dropped["old_app"] == {"before": "works", "after": "breaks"}
    assert dropped["new_app"] == {"before": "works", "after": "works"}
    (line,) = dropped["breaks"]
    assert (line["app"], line["when"], line["path"], line["line"], line["column"]) == ("old", "after", "old.sql", 2, 23)
    assert line["reason"] == "column o.note does not exist"
    assert [step["do"] for step in report["steps"]] == ["migrate", "deploy", "wait", "migrate"]


def test_a_migration_for_which_no_order_works_fails_the_command(tmp_path: Path) -> None:
    (tmp_path / "1_base.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "2_rename.sql").write_text("ALTER TABLE users RENAME email TO mail;")
    (tmp_path / "old.q").mkdir()
    (tmp_path / "old.q" / "a.sql").write_text("SELECT email FROM users;")
    (tmp_path / "new.q").mkdir()
    (tmp_path / "new.q" / "a.sql").write_text("SELECT mail FROM users;")
    arguments = ("1_base.sql", "2_rename.sql", "--old", "old.q", "--new", "new.q", "--from", "2")
    done = compat(*arguments, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "migrasafe plan" in done.stdout
    assert compat(*arguments, "--fail-on", "never", cwd=tmp_path).returncode == 0


def test_sarif_leads_from_the_migration_to_the_line_with_a_fingerprint_of_its_own() -> None:
    (run,) = json.loads(shop("--from", "0003", "--format", "sarif").stdout)["runs"]
    for result in run["results"]:
        (flow,) = result["codeFlows"]
        steps = [one["location"] for one in flow["threadFlows"][0]["locations"]]
        places = [one["physicalLocation"]["artifactLocation"]["uri"] for one in steps]
        assert (
            places[-1 if result["ruleId"] == "app-breaks-after-migration" else 0]
            == (result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        )
        assert any("/migrations/" in place for place in places)
        assert all(one["message"]["text"] for one in steps)
    marks = [result["partialFingerprints"]["migrasafe/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks) > 0


def test_sarif_points_at_the_lines_of_the_app() -> None:
    (run,) = json.loads(shop("--from", "0003", "--format", "sarif").stdout)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "fixtures/compat/queries/old.sql"  # from the root of the repository
    assert place["region"] == {"startLine": 2, "startColumn": 23, "endColumn": 29}
    assert result["level"] == "error"


def test_markdown_is_a_table_with_the_lines_folded_away() -> None:
    shown = shop("--from", "0002", "--format", "markdown").stdout
    assert "| 0003\\_drop\\_note | works → breaks | works | **after** |" in shown
    assert shown.count("<details>") == 2


def test_tools_of_ci_get_the_lines_of_the_app_in_their_own_formats() -> None:
    issues = json.loads(shop("--from", "0002", "--format", "gitlab").stdout)
    assert [(one["check_name"], one["severity"], one["location"]["path"]) for one in issues[-1:]] == [
        ("app-breaks-after-migration", "minor", "fixtures/compat/queries/old.sql")
    ]
    assert "wait until the old version is gone" in issues[-1]["description"]
    assert len({one["fingerprint"] for one in issues}) == len(issues)
    suites = ElementTree.fromstring(shop("--from", "0002", "--format", "junit").stdout)
    assert (suites.get("tests"), suites.get("failures")) == ("2", "0")  # an order works for each
    files = ElementTree.fromstring(shop("--from", "0002", "--format", "checkstyle").stdout)
    assert [one.get("name") for one in files] == ["fixtures/compat/queries/new.sql", "fixtures/compat/queries/old.sql"]
    assert shop("--from", "0002", "--format", "github").stdout.startswith(
        "::warning file=fixtures/compat/queries/new.sql,line=2,"
    )


def test_what_has_no_order_is_an_error_for_tools_of_ci(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "0001.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "db" / "0002.sql").write_text("ALTER TABLE users RENAME email TO address;")
    (tmp_path / "old.sql").write_text("SELECT email FROM users;")
    (tmp_path / "new.sql").write_text("SELECT address FROM users;")
    done = compat("db", "--old", "old.sql", "--new", "new.sql", "--from", "0002", "--format", "junit", cwd=tmp_path)
    suites = ElementTree.fromstring(done.stdout)
    assert (done.returncode, suites.get("failures")) == (1, "2")


def test_the_release_is_what_is_new_since_the_commit_of_the_old_version(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "0001.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "app.py").write_text('SQL = "SELECT email FROM users"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "tag", "v1")
    (tmp_path / "db" / "0002.sql").write_text("ALTER TABLE users DROP COLUMN email;")
    (tmp_path / "app.py").write_text('# nothing before it\nSQL = "SELECT id FROM users"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "two")
    done = compat("db", "--old", "v1", "--new", ".", cwd=tmp_path)
    assert "0002       works → breaks  works    after" in done.stdout
    assert "0001 " not in done.stdout
    assert '1 | SQL = "SELECT email FROM users"' in done.stdout
    git(tmp_path, "tag", "v2")
    (tmp_path / "db" / "0003.sql").write_text("DROP TABLE users;")
    done = compat("db", "--old", "v1", "--new", "v2", cwd=tmp_path)
    assert "1 migration is not in it and left out: 0003" in done.stdout
    assert "0002       works → breaks  works    after" in done.stdout


def test_what_a_release_branch_has_is_no_part_of_the_next_release(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "db").mkdir()
    (tmp_path / "app.py").write_text('SQL = "SELECT email FROM users"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "start")
    for branch in ("release", "main"):  # the same change on both: the merge base does not have it
        git(tmp_path, "checkout", "-q", "-B" if branch == "release" else "-q", branch)
        (tmp_path / "db").mkdir(exist_ok=True)
        (tmp_path / "db" / "0001.sql").write_text("CREATE TABLE users (id int, email text);")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-qm", branch)
    (tmp_path / "db" / "0002.sql").write_text("ALTER TABLE users ADD name text;")
    done = compat("db", "--old", "release", "--new", ".", cwd=tmp_path)
    assert "0002       works    works    either" in done.stdout
    assert "0001 " not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("migrations", "--new", "new.sql"), "--old is missing"),
        (("migrations", "--old", "nowhere", "--new", "new.sql"), "nowhere"),
        (("nowhere", "--old", "old.sql", "--new", "new.sql"), "nowhere"),
        (("migrations", "--old", "old.sql", "--new", "new.sql", "--from", "9999"), "--from 9999"),
        (("migrations", "--old", "old.sql", "--new", "new.sql", "--from", "000"), "give the whole id"),
        (("migrations", "--old", "old.sql", "--new", "new.sql", "--output", "/nowhere/x"), "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    done = compat(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def lint(*arguments: str, cwd: Path) -> list[dict[str, object]]:
    command = [
        sys.executable,
        "-m",
        "migrasafe",
        "lint",
        "--format",
        "json",
        "--select",
        "drop-column-in-use",
        *arguments,
    ]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    findings: list[dict[str, object]] = json.loads(done.stdout)["findings"]
    return findings


def test_lint_is_told_by_the_app_whether_a_dropped_column_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("CREATE TABLE users (id int, email text, nick text);")
    (tmp_path / "db" / "2.sql").write_text("ALTER TABLE users DROP COLUMN email;\nALTER TABLE users DROP COLUMN nick;")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "users.py").write_text('\n\nSQL = "SELECT id, email FROM users"\n')
    assert [one["severity"] for one in lint("db", cwd=tmp_path)] == ["error", "error"]
    used, unused = lint("db", "--old", "app", cwd=tmp_path)
    assert used["severity"] == "error"
    assert "app uses it: app/users.py:3." in str(used["message"])
    assert unused["severity"] == "info"
    (tmp_path / "migrasafe.toml").write_text('old = "app"\n')
    assert [one["severity"] for one in lint("db", cwd=tmp_path)] == ["error", "info"]


def test_a_version_can_be_known_from_its_source_and_from_a_log(tmp_path: Path) -> None:
    log = tmp_path / "postgresql.log"
    log.write_text("2026-01-01 10:00:00 UTC [7] LOG:  statement: SELECT note FROM orders\n")
    done = shop("--from", "0003", "--old", f"new.sql,{log}", "--format", "json")
    report = json.loads(done.stdout)
    assert [(one["id"], one["deploy"]) for one in report["migrations"]] == [("0003_drop_note", "after")]
    (line,) = report["migrations"][0]["breaks"]
    assert (Path(line["path"]).name, line["line"], line["column"]) == ("postgresql.log", 1, 53)
    done = shop("--old", f"new.sql,{tmp_path / 'missing.log'}")
    assert (done.returncode, "missing.log: there is no such file" in done.stderr) == (2, True)


def test_several_reports_are_written_at_once_and_the_page_needs_nothing_else(tmp_path: Path) -> None:
    page, issues = tmp_path / "compat.html", tmp_path / "sonar.json"
    done = shop("--from", "0002", "--output", f"html={page}", "--output", f"sonarqube={issues}")
    assert (done.returncode, "0003_drop_note  works → breaks" in done.stdout) == (0, True)
    html = page.read_text()
    assert "<h1>migrasafe compat: split</h1>" in html
    assert "column o.note does not exist" in html
    assert not re.search(r"<script|<link|src=|https?://|@import", html)
    report = json.loads(issues.read_text())
    assert {one["ruleId"] for one in report["issues"]} == {one["id"] for one in report["rules"]} != set()


def test_what_an_app_says_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "1_base.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "2_drop.sql").write_text("ALTER TABLE users DROP email;")
    for name in ("old.q", "new.q"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.sql").write_text("SELECT email, '</pre><script>alert(1)</script>' FROM users;")
    done = compat(
        *("1_base.sql", "2_drop.sql", "--old", "old.q", "--new", "new.q", "--from", "2", "--format", "html"),
        cwd=tmp_path,
    )
    assert "<script" not in done.stdout
    assert "&lt;script&gt;" in done.stdout
