"""What people see of the command line: outputs, exit statuses, and one sentence for everything that cannot be used."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO

import pytest

from migrasafe import __version__

ROOT = Path(__file__).parent.parent
INDEX = "CREATE INDEX orders_note ON orders (note);\n"


def migrasafe(
    *arguments: str, cwd: Path, stdin: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrasafe", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture
def project(tmp_path):
    """A folder of two migrations, the second with one error."""
    folder = tmp_path / "db"
    folder.mkdir()
    (folder / "0001_orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n")
    (folder / "0002_index.sql").write_text(INDEX)
    (tmp_path / ".git").mkdir()  # ends the search for a config
    return tmp_path


def test_findings_end_with_status_1_and_a_summary(project):
    ran = migrasafe("lint", "db", cwd=project)
    assert ran.returncode == 1
    assert ran.stdout.startswith("error[create-index-without-concurrently] db/0002_index.sql:1:1\n")
    assert "    CREATE INDEX CONCURRENTLY orders_note ON orders (note);\n" in ran.stdout
    assert ran.stdout.endswith(
        "1 error in 2 migrations, 2 statements, for PostgreSQL 15 (assumed: set --pg-version).\n"
    )
    assert ran.stderr == ""


def test_nothing_found_is_status_0(project):
    ran = migrasafe("lint", "db/0001_orders.sql", "--pg-version", "16", cwd=project)
    assert (ran.returncode, ran.stdout) == (0, "Nothing found in 1 migration, 1 statement, for PostgreSQL 16.\n")
    assert migrasafe("lint", "db/0001_orders.sql", "--quiet", cwd=project).stdout == ""


def test_fail_on_decides_the_status(project):
    warning = "ALTER TABLE customers ADD COLUMN note text;\n"
    assert migrasafe("lint", "-", cwd=project, stdin=warning).returncode == 0
    assert migrasafe("lint", "-", "--fail-on", "warning", cwd=project, stdin=warning).returncode == 1
    assert migrasafe("lint", "db", "--fail-on", "never", cwd=project).returncode == 0


def test_rules_can_be_chosen(project):
    assert migrasafe("lint", "db", "--ignore", "create-index-without-concurrently", cwd=project).returncode == 0
    assert migrasafe("lint", "db", "--select", "truncate-table,drop-key", cwd=project).returncode == 0


def test_json_says_what_the_contract_says(project):
    report = json.loads(migrasafe("lint", "db", "--format", "json", cwd=project).stdout)
    assert (report["version"], report["pg_version"], report["files"], report["statements"]) == (1, 15, 2, 2)
    (finding,) = report["findings"]
    assert finding["rule"] == "create-index-without-concurrently"
    assert finding["severity"] == "error"
    assert (finding["path"], finding["line"], finding["column"]) == ("db/0002_index.sql", 1, 1)
    assert (finding["end_line"], finding["end_column"]) == (1, len(INDEX) - 1)
    assert (finding["objects"], finding["lock"], finding["work"]) == (["public.orders"], "SHARE", "index build")
    assert finding["fix"]["kind"] == "edit"
    assert finding["fix"]["replacement"] == "CREATE INDEX CONCURRENTLY orders_note ON orders (note)"
    assert [one["path"] for one in report["migrations"]] == ["db/0001_orders.sql", "db/0002_index.sql"]


def test_the_report_can_go_to_a_file(project):
    ran = migrasafe("lint", "db", "--output", "report.txt", "--color", "always", cwd=project)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "\033[31;1merror[create-index" in (project / "report.txt").read_text()


def test_there_is_no_colour_unless_asked_for_or_on_a_terminal(project):
    assert "\033" not in migrasafe("lint", "db", cwd=project).stdout
    assert "\033" in migrasafe("lint", "db", "--color", "always", cwd=project).stdout


def test_the_nearest_config_counts_and_the_command_line_wins(project):
    (project / "migrasafe.toml").write_text('paths = ["db"]\nfail_on = "never"\npg_version = 17\n')
    below = project / "db"
    assert migrasafe("lint", cwd=below).returncode == 0
    assert "for PostgreSQL 17." in migrasafe("lint", cwd=below).stdout
    assert migrasafe("lint", "--fail-on", "error", cwd=below).returncode == 1
    assert migrasafe("lint", "--no-config", cwd=below).returncode == 1


def test_a_config_can_ignore_rules_per_path_and_change_severities(project):
    config = project / "migrasafe.toml"
    config.write_text('[per_path]\n"db/0002*" = { ignore = ["create-index-without-concurrently"] }\n')
    assert migrasafe("lint", "db", cwd=project).returncode == 0
    config.write_text('[severity]\ncreate-index-without-concurrently = "info"\n')
    ran = migrasafe("lint", "db", cwd=project)
    assert (ran.returncode, ran.stdout[:5]) == (0, "info[")


def test_a_severity_turns_on_a_rule_that_is_off_by_default(project):
    (project / "db/0003_notes.sql").write_text("CREATE TABLE notes (id integer PRIMARY KEY);\n")
    assert "integer-primary-key" not in migrasafe("lint", "db", cwd=project).stdout
    (project / "migrasafe.toml").write_text('[severity]\ninteger-primary-key = "warning"\n')
    assert "warning[integer-primary-key]" in migrasafe("lint", "db", cwd=project).stdout


def test_a_comment_allows_a_finding(project):
    comment = "-- migrasafe: allow create-index-without-concurrently because nobody writes here\n"
    (project / "db/0002_index.sql").write_text(comment + INDEX)
    assert migrasafe("lint", "db", cwd=project).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["lint", "nowhere"], "nowhere: there is no such file or folder"),
        (
            ["lint", "db", "--select", "truncate-tabel"],
            "--select: there is no rule truncate-tabel; did you mean truncate-",
        ),
        (["lint", "db", "--pg-version", "11"], "11 is not in the range"),
        (["lint", "db", "--schema", "no.sql"], "no.sql: cannot be read"),
        (["lint", "db", "--schema", "db"], "--schema db: is a folder: give a dump or a server"),
        (["lint", "db", "--schema", "postgresql://nobody@127.0.0.1:1/x"], "cannot connect to 127.0.0.1:1, database x"),
        (["lint", "db", "--output", "no/where.txt"], "--output no/where.txt: cannot be written"),
        (["lint", "db", "--config", "no.toml"], "no.toml: cannot be read"),
        (["lint", "db", "--config", "x.toml", "--no-config"], "exclude each other"),
        (["lint", "db", "--since", "main"], "is not inside a git repository"),
        (
            ["lint", "db", "--frmat", "json"],
            "there is no option --frmat: did you mean --format; `migrasafe lint --help`",
        ),
        (["lint", "db", "--format", "jsn"], "'statistics': did you mean json; `migrasafe lint --help` shows how"),
        (["lint", "db", "--layout", "flywya"], "did you mean flyway?"),
        (["lnt"], "there is no command lnt; did you mean lint?"),
        (["explain", "truncate-tabel"], "there is no rule truncate-tabel; did you mean truncate-table?"),
        (["explain"], "Missing argument 'RULE'"),
    ],
)
def test_input_that_cannot_be_used_is_one_sentence_and_status_2(project, arguments, complaint):
    ran = migrasafe(*arguments, cwd=project)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("migrasafe: ")
    assert complaint in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"SELECT 1;\0DROP TABLE orders;", b"SELECT '\xff';", b"\xff\xfeS\x00"])
def test_a_file_that_is_not_text_is_refused(project, content):
    (project / "db/0003.sql").write_bytes(content)
    ran = migrasafe("lint", "db", cwd=project)
    assert ran.returncode == 2
    assert "db/0003.sql:1:" in ran.stderr


def test_what_can_be_asked_without_migrations(project):
    assert migrasafe("--version", cwd=project).stdout == f"migrasafe {__version__} (grammar of PostgreSQL 18)\n"
    assert "Example" in migrasafe(cwd=project).stdout
    for command in ("lint", "rules", "explain"):
        assert "migrasafe " + command in migrasafe(command, "--help", cwd=project).stdout
    listed = json.loads(migrasafe("rules", "--format", "json", cwd=project).stdout)
    assert {"id", "severity", "category", "lock", "work", "title"} <= set(listed[0])
    assert migrasafe("explain", "truncate-table", cwd=project).stdout.startswith("truncate-table\n")


def test_a_reader_that_goes_away_hears_no_complaint(project):
    command = [sys.executable, "-m", "migrasafe", "rules"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 141


def unread(pipe: IO[bytes]) -> int:
    """How many bytes of a pipe nobody has taken yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_interrupting_it_is_status_130(project):
    # A shell has its background jobs ignore the signal, and what they start inherits that.
    script = "import signal, runpy; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script += "runpy.run_module('migrasafe', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", script, "lint", "-"]
    with subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"SELECT 1;")
        process.stdin.flush()
        while unread(process.stdin):  # until then it is on its way to read what it is given
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said.strip()) == (130, b"")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(project):
    """The project in git: 0001 is committed on main, 0002 on a branch."""
    (project / ".git").rmdir()
    git(project, "init")
    git(project, "add", "db/0001_orders.sql")
    git(project, "commit", "-m", "orders")
    git(project, "checkout", "-b", "topic")
    git(project, "add", ".")
    git(project, "commit", "-m", "index")
    return project


def test_since_reports_only_what_is_new(repository):
    assert "1 error in 1 migration, 1 statement" in migrasafe("lint", "db", "--since", "main", cwd=repository).stdout
    nothing = migrasafe("lint", "db", "--since", "topic", cwd=repository)
    assert (nothing.returncode, nothing.stdout[:13]) == (0, "Nothing found")


def test_since_reports_files_that_git_does_not_know_yet(repository):
    (repository / "db/0003_drop.sql").write_text("DROP TABLE orders;\n")
    ran = migrasafe("lint", "db", "--since", "topic", cwd=repository)
    assert "error[drop-table-in-use] db/0003_drop.sql:1:1" in ran.stdout


def test_since_a_commit_that_git_does_not_know_is_refused(repository):
    ran = migrasafe("lint", "db", "--since", "release", cwd=repository)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "has no commit release" in ran.stderr


def test_since_in_a_clone_that_is_too_shallow_says_how_to_deepen_it(repository, tmp_path):
    git(tmp_path, "clone", "--depth", "1", f"file://{repository}", "shallow")
    ran = migrasafe("lint", "db", "--since", "origin/main", cwd=tmp_path / "shallow")
    assert ran.returncode == 2
    assert "git fetch --unshallow" in ran.stderr


def test_documents_show_what_is_true():
    ran = subprocess.run(
        [sys.executable, "tools/render_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.returncode == 0


def test_reports_go_to_several_files_and_the_screen_at_once(project):
    ran = migrasafe("lint", "db", "--output", "json=a.json", "--output", "sarif=b.sarif", cwd=project)
    assert ran.returncode == 1
    assert ran.stdout.startswith("error[create-index-without-concurrently]")
    assert json.loads((project / "a.json").read_text())["version"] == 1
    assert json.loads((project / "b.sarif").read_text())["version"] == "2.1.0"
    ran = migrasafe("lint", "db", "--format", "json", "--output", "c.json", "--output", "text=d.txt", cwd=project)
    assert ran.stdout == ""
    assert json.loads((project / "c.json").read_text())["version"] == 1
    assert (project / "d.txt").read_text().startswith("error[create-index-without-concurrently]")


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (["sarfi=x"], "there is no format sarfi; did you mean sarif?"),
        (["x", "y"], "x takes the report already; give more as FORMAT=FILE"),
        (["json=x", "sarif=x"], "x is given twice; each report needs a file of its own"),
        (["json=missing/x"], "--output missing/x: cannot be written: No such file or directory"),
    ],
)
def test_outputs_that_cannot_be_written_are_told(project, outputs, said):
    options = [word for output in outputs for word in ("--output", output)]
    ran = migrasafe("lint", "db", *options, cwd=project)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_statistics_count_by_rule_and_say_what_fix_would_change(project):
    ran = migrasafe("lint", "db", "--statistics", cwd=project)
    assert ran.stdout.splitlines()[0] == "1  error  create-index-without-concurrently  in 1 file, --fix changes 1"
    assert ran.stdout.splitlines()[-1].startswith("1 error in 2 migrations")


def test_every_setting_is_explained_with_who_says_so(project):
    (project / "migrasafe.toml").write_text(
        'pg_version = 16\nignore = ["truncate-table"]\n[severity]\nmoney-column = "warning"\n'
    )
    shown = migrasafe("lint", "db", "--explain-config", "--fail-on", "warning", cwd=project).stdout
    assert shown.startswith("config: migrasafe.toml\n\n")
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line}
    assert lines["paths"] == ["db", "command", "line"]
    assert lines["pg_version"] == ["16", "migrasafe.toml"]
    assert lines["fail_on"] == ["warning", "command", "line"]
    assert lines["in_transaction"] == ["auto", "default"]
    assert "among them some that are off by default: money-column\n" in shown
    assert "ignored: truncate-table\n" in shown


def test_what_comments_allow_is_listed_with_its_reason(project):
    (project / "db/0003_empty.sql").write_text(
        "-- migrasafe: allow truncate-table because nobody reads it\nTRUNCATE orders;\n"
        "-- migrasafe: allow drop-table-in-use because it is gone\nSELECT 1;\n"
    )
    ran = migrasafe("lint", "db", "--show-allowed", cwd=project)
    assert ran.returncode == 0
    first, second, summary = ran.stdout.split("\n\n")
    assert first.startswith(
        "db/0003_empty.sql:1: truncate-table\n  because nobody reads it\n  error[truncate-table] line 2: "
    )
    assert second == "db/0003_empty.sql:3: drop-table-in-use\n  because it is gone\n  covers nothing"
    assert summary == "2 comments allow 1 finding, 1 of them nothing.\n"


def test_a_misspelt_option_is_met_with_the_right_one(project):
    ran = migrasafe("lint", "db", "--formt", "json", cwd=project)
    assert ran.returncode == 2
    assert "--format" in ran.stderr.partition("id you mean")[2]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("li", ["lint"]),
        ("lint --stag", ["--staged"]),
        ("lint --format sa", ["sarif"]),
        (
            "lint --select truncate-table,drop-co",
            ["truncate-table,drop-column-in-use"],
        ),
        ("lint --layout fly", ["flyway"]),
        ("explain truncate", ["truncate-table"]),
        ("plan rena", ["rename", "rename-type"]),
    ],
)
def test_shells_complete_commands_options_and_rules(project, words, completed):
    env = {
        "COMP_WORDS": f"migrasafe {words}",
        "COMP_CWORD": str(len(words.split())),
        "_MIGRASAFE_COMPLETE": "bash_complete",
    }
    ran = migrasafe(cwd=project, env=env)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert set(completed) <= {line.removeprefix("plain,") for line in ran.stdout.splitlines()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_readme_says_how_to_install_the_completion(project, shell):
    readme = (ROOT / "README.md").read_text()
    assert f"_MIGRASAFE_COMPLETE={shell}_source migrasafe" in readme
    script = migrasafe(cwd=project, env={"_MIGRASAFE_COMPLETE": f"{shell}_source"})
    if script.returncode == 0:  # click refuses a bash that is too old
        assert "_MIGRASAFE_COMPLETE" in script.stdout


def test_the_beginning_of_a_rule_is_met_with_the_rule(project):
    said = migrasafe("explain", "set-not-nul", cwd=project).stderr
    assert said == "migrasafe: there is no rule set-not-nul; did you mean set-not-null-by-full-scan?\n"
