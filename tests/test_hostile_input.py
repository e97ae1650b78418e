"""Input that means harm, or is broken in ways that nobody thinks of: one sentence or a finding, never a crash or a wrong "fine"."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.in_process import Ran, migrasafe


def lint(folder: Path, *arguments: str) -> Ran:
    ran = migrasafe(folder, "lint", *arguments)
    assert ran.returncode in (0, 1, 2), ran.stderr
    assert "bug in" not in ran.stderr
    return ran


DEEP: dict[str, Callable[[], str]] = {
    "parentheses": lambda: "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "operators": lambda: "SELECT " + "+".join(["1"] * 110_000),
    "unfinished comments": lambda: "/*" * 20_000,
    "half of a dollar quote": lambda: "$a" * 20_000,
    "cases": lambda: "SELECT " + "CASE WHEN " * 2_000 + "1",
    "quotes": lambda: "'" * 20_001,
    "backslashes": lambda: "\\" * 20_000,
    "branches in a body": lambda: "DO $$ BEGIN " + "IF true THEN " * 3_000 + "NULL; " + "END IF; " * 3_000 + "END $$;",
    "blocks in a body": lambda: "DO $$ " + "BEGIN " * 3_000 + "NULL; " + "END; " * 3_000 + "$$;",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_is_said_not_to_be_understood(name: str, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(DEEP[name]())
    ran = lint(tmp_path, "1.sql", "--format", "json")
    assert '"rule":"statement-not-understood"' in ran.stdout.replace(" ", "")


def test_a_thousand_views_over_views_are_followed_or_said_to_be_too_many(tmp_path: Path) -> None:
    views = "".join(f"CREATE VIEW v{n + 1} AS SELECT * FROM v{n};" for n in range(1_500))
    (tmp_path / "1.sql").write_text(f"CREATE VIEW v0 AS SELECT 1 AS a; {views} DROP VIEW v0 CASCADE;")
    ran = lint(tmp_path, "1.sql")
    assert ran.returncode in (0, 1) or "1.sql: what it changes is nested too deeply" in ran.stderr


def test_partitions_of_partitions_are_followed_a_thousand_times(tmp_path: Path) -> None:
    levels = "".join(f"CREATE TABLE p{n + 1} PARTITION OF p{n} DEFAULT PARTITION BY RANGE (a);\n" for n in range(1_500))
    (tmp_path / "1.sql").write_text(f"CREATE TABLE p0 (a int) PARTITION BY RANGE (a);\n{levels}")
    (tmp_path / "2.sql").write_text("ALTER TABLE p0 ADD COLUMN b int;\n")
    assert "missing-lock-timeout" in lint(tmp_path, ".").stdout


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a NUL", b"SELECT 1; \0 DROP TABLE users;", "1.sql:1: contains a NUL"),
        ("no UTF-8", b"-- ok\nSELECT '\xff';", "1.sql:2: is not valid UTF-8"),
        ("UTF-16", "DROP TABLE t;".encode("utf-16"), "is UTF-16"),
    ],
)
def test_bytes_that_are_no_text_are_refused(name: str, raw: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(raw)
    ran = lint(tmp_path, "1.sql")
    assert ran.returncode == 2
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run_in_transaction = flase", ":1: is not valid TOML: Invalid value (at column 22)"),
        ("\na = " + "[" * 5_000, ":2: is not valid TOML: its tables or lists are nested too deeply"),
        ("a = " + "9" * 5_000, ":1: is not valid TOML: a number in it is too long"),
    ],
)
def test_metadata_of_diesel_that_is_no_toml_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations/2020-01-01-000000_one"
    folder.mkdir(parents=True)
    (folder / "up.sql").write_text("CREATE TABLE t (id int);")
    (folder / "down.sql").write_text("DROP TABLE t;")
    (folder / "metadata.toml").write_text(text)
    ran = lint(tmp_path, "migrations")
    assert ran.returncode == 2
    assert f"2020-01-01-000000_one/metadata.toml{said}" in ran.stderr


def test_random_bytes_and_random_text_end_in_a_sentence_or_a_finding(tmp_path: Path) -> None:
    rng = random.Random(10)
    for number in range(60):
        raw = rng.randbytes(rng.randint(1, 400))
        text = raw.decode("latin-1").replace("\0", "") if number % 2 else raw
        (tmp_path / "1.sql").write_bytes(text.encode() if isinstance(text, str) else text)
        lint(tmp_path, "1.sql")


def test_a_huge_file_of_nothing_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "1.sql").open("wb") as file:
        file.truncate(64 << 20)
    assert "contains a NUL" in lint(tmp_path, "1.sql").stderr


def no_files(folder: Path) -> list[str]:
    """Names that end in .sql, of things that are no files."""
    os.mkfifo(folder / "pipe.sql")
    (folder / "folder.sql").mkdir()
    (folder / "loop.sql").symlink_to("loop.sql")
    (folder / "zero.sql").symlink_to("/dev/zero")
    (folder / "to_pipe.sql").symlink_to("pipe.sql")
    (folder / "nowhere.sql").symlink_to("/no/such/file")
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    try:
        os.chdir(folder)  # a socket's name has room for a hundred characters
        server.bind("socket.sql")
    finally:
        os.chdir(before)
        server.close()
    return ["pipe.sql", "folder.sql", "loop.sql", "zero.sql", "to_pipe.sql", "nowhere.sql", "socket.sql", "/dev/zero"]


def test_what_is_no_file_is_refused_by_its_name(tmp_path: Path) -> None:
    for name in no_files(tmp_path):
        ran = lint(tmp_path, name)
        assert ran.returncode == 2, name
        assert name in ran.stderr


def test_what_is_no_file_does_not_keep_a_folder_from_being_read(tmp_path: Path) -> None:
    no_files(tmp_path)
    (tmp_path / "1.sql").write_text("DROP TABLE t;\n")
    (tmp_path / "up").symlink_to("..")
    ran = lint(tmp_path, ".")
    assert ran.returncode in (1, 2)
    assert "drop-table-in-use" in ran.stdout or ".sql: " in ran.stderr


def as_somebody(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`migrasafe` without the right of root to read everything."""
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*without, sys.executable, "-m", "migrasafe", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("lint", "db/1.sql"),
        ("lint", "db"),
        ("lint", "closed"),
        ("lint", "2.sql", "--schema", "db/1.sql"),
        ("lint", "2.sql", "--baseline", "db/1.sql"),
        ("compat", "db", "--old", "2.sql", "--new", "2.sql"),
        ("compat", "2.sql", "--old", "db/1.sql", "--new", "2.sql"),
        ("plan", "db/1.sql", "--schema", "2.sql"),
        ("plan", "2.sql", "--schema", "db/1.sql"),
        ("rehearse", "closed"),
        ("backfill", "estimate", "db/job.toml", "--dsn", "host=/x"),
        ("gate", "closed", "expand", "--dsn", "host=/x"),
    ],
    ids=" ".join,
)
def test_what_may_not_be_read_is_said_by_its_name(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "2.sql").write_text("SELECT a FROM t;\n")
    for name in ("1.sql", "job.toml"):
        (tmp_path / "db" / name).write_text("DROP TABLE t;\n")
        (tmp_path / "db" / name).chmod(0)
    (tmp_path / "closed").chmod(0)
    ran = as_somebody(tmp_path, *command)
    (tmp_path / "closed").chmod(0o700)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "ermission denied" in ran.stderr or "is not readable" in ran.stderr
    assert any(name in ran.stderr for name in ("1.sql", "job.toml", "closed")), ran.stderr


def project_with_a_closed_folder(root: Path, below: str) -> Path:
    for folder in ("db", "app", below):
        (root / folder).mkdir(exist_ok=True)
    (root / "db" / "1.sql").write_text("CREATE TABLE t (a int);\n")
    (root / "app" / "a.sql").write_text("SELECT a FROM t;\n")
    (root / below / "2.sql").write_text("DROP TABLE t;\n")
    return root / below


COMPAT = ("compat", "db", "--old", "app", "--new", "app")


@pytest.mark.parametrize(
    ("below", "command", "modes"),
    [
        ("db/in", ("lint", "db"), (0, 0o111)),
        ("db/in", ("lint", "."), (0, 0o111)),
        ("db/in", COMPAT, (0, 0o111)),
        ("app/in", COMPAT, (0, 0o111, 0o444)),
    ],
)
def test_a_folder_that_may_not_be_read_is_not_passed_over(
    below: str, command: tuple[str, ...], modes: tuple[int, ...], tmp_path: Path
) -> None:
    closed = project_with_a_closed_folder(tmp_path, below)
    for mode in modes:
        closed.chmod(mode)
        ran = as_somebody(tmp_path, *command)
        closed.chmod(0o700)
        assert ran.returncode in (1, 2), ran.stdout
        assert below in ran.stdout + ran.stderr
        assert "ermission denied" in ran.stdout + ran.stderr


@pytest.mark.parametrize(("below", "command"), [("data", ("lint", ".")), ("app/data", COMPAT)])
def test_what_a_server_keeps_beside_the_project_does_not_stop_it(
    below: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    closed = project_with_a_closed_folder(tmp_path, below)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("data/\n")
    closed.chmod(0)
    ran = as_somebody(tmp_path, *command)
    closed.chmod(0o700)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{below}:1" in ran.stdout or f"{below} cannot be read" in ran.stdout, ran.stdout


@pytest.mark.parametrize("command", [("lint", "."), ("rules",), ("init",), COMPAT], ids=" ".join)
def test_a_folder_that_is_gone_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    left = f'cd {gone} && rmdir {gone} && exec "$@"'
    ran = subprocess.run(
        ["sh", "-c", left, "sh", sys.executable, "-P", "-m", "migrasafe", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stdout + ran.stderr
    assert "is gone" in ran.stderr and len(ran.stderr.splitlines()) == 1


def test_a_config_that_may_not_be_read_is_said_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("SELECT 1;\n")
    (tmp_path / "migrasafe.toml").write_text("")
    (tmp_path / "migrasafe.toml").chmod(0)
    for command in COMMANDS_WITH_A_CONFIG:
        ran = as_somebody(tmp_path, *command)
        assert (ran.returncode, "migrasafe.toml" in ran.stderr) == (2, True), ran.stderr


NO_CONFIG = [
    b"\xff\xfe",
    b"paths = [",
    b"a = " + b"[" * 50_000,
    b"[a" + b".a" * 20_000 + b"]\nb = 1",
    b"paths = 1\nselect = {}\nignore = [1]\npg-version = 'x'\nfail-on = []\nseverity = 3\nper-path = 'x'\nbaseline = 1\nrules = 0",
    b"[severity]\n'*' = 'loud'\n[per-path]\n'x' = 1\n['per-path'.y]\nignore = 'all'",
    b"pg-version = 999999999999999999999999999999",
    b"pg-version = nan\nlarge-table = -1\nindependent = 'yes'",
    b"schema = 1979-05-27\nold = 1\nnew = []\nlayout = 3\nin-transaction = true",
    b"schema = 'nowhere.sql'",
]


COMMANDS_WITH_A_CONFIG = [
    ("lint", "1.sql"),
    ("compat", "1.sql", "--old", "1.sql", "--new", "1.sql"),
]


@pytest.mark.parametrize("raw", NO_CONFIG, ids=range(len(NO_CONFIG)))
def test_a_config_that_cannot_be_meant_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("SELECT 1;\n")
    (tmp_path / "migrasafe.toml").write_bytes(raw)
    for command in COMMANDS_WITH_A_CONFIG:
        ran = migrasafe(tmp_path, *command)
        assert ran.returncode == 2, command
        assert "bug in" not in ran.stderr
        assert len(ran.stderr) < 3_000


NO_JSON = [b"", b"{", b"[]", b"null", b"\xff\xfe\0", b'{"version": 1}', b"[" * 100_000, b'{"a": ' * 100_000]


@pytest.mark.parametrize("raw", NO_JSON, ids=range(len(NO_JSON)))
def test_a_baseline_or_a_plan_that_is_none_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("DROP TABLE t;\n")
    (tmp_path / "known").write_bytes(raw)
    assert lint(tmp_path, "1.sql", "--baseline", "known").returncode == 2
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "plan.json").write_bytes(raw)
    for command in (("gate", "plan", "expand", "--dsn", "host=/x"), ("plan", "--status", "plan", "--dsn", "host=/x")):
        ran = migrasafe(tmp_path, *command)
        assert ran.returncode == 2, ran.stderr
        assert "plan.json" in ran.stderr


def test_a_file_of_a_gigabyte_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with (tmp_path / "1.sql").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "2.sql").write_text("DROP TABLE t;\n")
    for path in ("1.sql", "."):
        ran = lint(tmp_path, path)
        assert ran.returncode == 2
        assert (
            "1.sql: cannot be read: it has 1,024 MB, and at most 256 are read: split it, or leave it out" in ran.stderr
        )


def test_a_name_in_a_sentence_does_not_move_the_cursor(tmp_path: Path) -> None:
    (tmp_path / "migrasafe.toml").write_text(r'"a\u001b[2J" = 1')
    (tmp_path / "1.sql").write_text("SELECT 1;\n")
    assert r'"a\x1b[2J" is not a setting' in lint(tmp_path, "1.sql").stderr


def test_thousands_of_rules_that_there_are_not_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "migrasafe.toml").write_text(f"ignore = {[f'truncate-tabl{number}' for number in range(20_000)]}")
    (tmp_path / "1.sql").write_text("SELECT 1;\n")
    said = lint(tmp_path, "1.sql").stderr
    assert said.count("did you mean truncate-table?") == 20


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("planned")
    (folder / "0.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, email text);\n")
    ran = migrasafe(folder, "plan", "rename", "orders.email", "mail", "--schema", "0.sql", "--out", "plan")
    assert ran.returncode == 0, ran.stderr
    return (folder / "plan" / "plan.json").read_text()


PLANS: dict[str, tuple[Callable[[str], str], str]] = {
    "a device": (lambda text: _naming(text, "/dev/zero"), "names /dev/zero, which is no file of its folder"),
    "a file above": (lambda text: _naming(text, "a/../../x"), "names a/../../x, which is no file of its folder"),
    "a pipe": (lambda text: _naming(text, "pipe"), "it is no file but a device, a pipe or a socket"),
    "a NUL": (lambda text: _naming(text, "a\0b"), "it holds a NUL character"),
    "deep": (lambda _: '{"plan": {"version": 1, "x": ' + "[" * 100_000, "is not a plan of migrasafe"),
    "another version": (lambda text: text.replace('"version": 1', '"version": 2', 1), "is of version 2"),
    "a wrong type": (lambda text: text.replace('"version": 1', '"version": "1"', 1), "Expected `int`, got `str`"),
    "nothing": (lambda _: "", "is not a plan of migrasafe"),
}


def _naming(text: str, name: str) -> str:
    return json.dumps({**json.loads(text), "files": {name: "0"}})


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize(
    "command", ["gate . expand --dsn host=/nowhere", "plan --status . --dsn host=/nowhere", "rehearse . --schema 0.sql"]
)
def test_a_plan_that_nobody_has_planned_is_refused(name: str, command: str, planned: str, tmp_path: Path) -> None:
    spoil, said = PLANS[name]
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "0.sql").touch()
    (tmp_path / "plan.json").write_text(spoil(planned))
    ran = migrasafe(tmp_path, *command.split())
    assert ran.returncode == 2, ran.stderr
    assert said in ran.stderr


def _compat(folder: Path) -> subprocess.CompletedProcess[str]:
    """compat with `queries.sql` as both versions of the app, and no more than 1 GB of memory."""
    (folder / "1.sql").write_text("ALTER TABLE t ADD COLUMN a int;\n")
    (folder / "schema.sql").write_text("CREATE TABLE t (id int);\n")
    words = ("compat", "1.sql", "--schema", "schema.sql", "--old", "queries.sql", "--new", "queries.sql")
    # By the shell: Python must not run between fork and exec where there are threads.
    limited = ["sh", "-c", 'ulimit -v 1048576 && exec "$0" -m migrasafe "$@"', sys.executable, *words]
    return subprocess.run(limited, cwd=folder, capture_output=True, text=True, check=False)


def test_queries_that_no_person_wrote_do_not_take_the_memory_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "queries.sql").write_bytes(b"\0 \n " * 5_000_000 + b"SELECT id FROM t")
    ran = _compat(tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "(1 query of the old app" in ran.stdout


def test_a_file_of_queries_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "queries.sql").open("wb") as file:
        file.truncate(1 << 30)
    ran = _compat(tmp_path)
    assert ran.returncode == 2
    assert "queries.sql: cannot be read: it has 1,024 MB, and at most 256 are read" in ran.stderr


def test_a_psycopg_without_its_library_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "migrasafe", "backfill", "status", "--dsn", "host=/nowhere"]
    without = os.environ | {"PSYCOPG_IMPL": "c"}  # which the wheel has not
    ran = subprocess.run(command, cwd=tmp_path, env=without, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    assert "pip install 'psycopg[binary]'" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
