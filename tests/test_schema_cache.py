"""Schemas that are kept from run to run: never another answer, whatever happens to the files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.in_process import Ran, migrasafe

_TABLES = 6


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches/migrasafe/schemas"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Migrations 0 to 59, of which the last is new."""
    folder = tmp_path / "project"
    (folder / "migrations").mkdir(parents=True)
    for number, text in enumerate(_texts(random.Random(3), 60)):
        (folder / f"migrations/{number:03}_change.sql").write_text(text)
    return folder


def _texts(chance: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        table = f"t{chance.randrange(min(number, _TABLES))}" if number else "t0"
        if number < _TABLES:
            yield (
                f"CREATE TABLE t{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text DEFAULT lower('A'));"
            )
            continue
        yield chance.choice(
            (
                f"ALTER TABLE {table} ADD COLUMN c{number} int NOT NULL DEFAULT 5;",
                f"BEGIN;\nCREATE INDEX i{number} ON {table} (lower(note));\nCOMMIT;",
                f"CREATE INDEX CONCURRENTLY i{number} ON {table} (id);",
                f"CREATE VIEW v{number} AS SELECT id, note FROM {table} WHERE note IS NOT NULL;",
                f"ALTER TABLE {table} ADD CONSTRAINT k{number} CHECK (note <> '') NOT VALID;",
                f"DROP INDEX IF EXISTS i{number - 1};\nALTER TABLE {table} VALIDATE CONSTRAINT k{number - 1};",
                f"CREATE TYPE e{number} AS ENUM ('a');\nALTER TABLE {table} ADD COLUMN e{number} e{number};",
                f"CREATE FUNCTION f{number}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE {table} SET note = 'x'; "
                f"RETURN NEW; END$$;\nCREATE TRIGGER g{number} AFTER INSERT ON {table} EXECUTE FUNCTION f{number}();",
            )
        )


def lint(folder: Path, *options: str, new: str = "059_change.sql") -> Ran:
    return migrasafe(folder, "lint", f"migrations/{new}", "--with-history", "--format", "json", *options)


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.schema"))


def test_a_second_run_reads_what_the_first_one_kept_and_says_the_same(project: Path, cache: Path) -> None:
    (project / "migrations/059_change.sql").write_text("ALTER TABLE t1 ALTER COLUMN note TYPE int USING 1;")
    without = lint(project, "--no-cache")
    assert not cache.exists()
    assert without.returncode == 1
    assert lint(project) == without
    (file,) = kept(cache)
    written = file.stat().st_mtime_ns
    assert lint(project) == without
    assert [file.stat().st_mtime_ns] == [one.stat().st_mtime_ns for one in kept(cache)] == [written]
    assert file.name.startswith("59-")
    assert file.stat().st_mode & 0o077 == 0


def test_a_run_about_everything_keeps_nothing(project: Path, cache: Path) -> None:
    assert migrasafe(project, "lint", "migrations", "-q").returncode == 1
    assert not cache.exists()


def test_any_change_of_a_history_is_seen(project: Path, cache: Path) -> None:
    """Whatever is edited, added, taken out or told on the command line: with what was kept and without, one answer."""
    chance = random.Random(11)
    lint(project)
    files = sorted((project / "migrations").iterdir())
    new = files.pop()
    for text in _texts(chance, 24):
        file = chance.choice(files)
        before = file.read_text() if file.exists() else None
        match chance.randrange(4):
            case 0:
                file.unlink(missing_ok=True)
            case 1:
                file.write_text((before or "") + "\n" + text)
            case 2:
                (project / f"migrations/{chance.randrange(59):03}_{len(text)}.sql").write_text(text)
            case _:
                file.write_text(f"-- a comment\n{before or ''}")
        new.write_text(f"ALTER TABLE t{chance.randrange(_TABLES)} DROP COLUMN note, ALTER COLUMN id TYPE text;\n{text}")
        said = chance.choice(((), ("--in-transaction", "no"), ("--pg-version", "18"), ("--in-transaction", "yes")))
        assert lint(project, *said) == lint(project, "--no-cache", *said)
        if chance.random() < 0.5 and before is not None:
            file.write_text(before)
    assert len(kept(cache)) > 1


@pytest.mark.parametrize("damage", ["empty", "shorter", "a byte", "garbage", "a folder", "a dangling link"])
def test_what_is_broken_is_as_if_it_were_not_there(damage: str, project: Path, cache: Path) -> None:
    without = lint(project)
    (file,) = kept(cache)
    whole = file.read_bytes()
    match damage:
        case "empty":
            file.write_bytes(b"")
        case "shorter":
            file.write_bytes(whole[:-100])
        case "a byte":
            file.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
        case "garbage":
            file.write_bytes(random.Random(1).randbytes(5000))
        case "a folder":
            file.unlink()
            file.mkdir()
        case _:
            file.unlink()
            file.symlink_to("nowhere")
    assert lint(project) == without
    if damage not in ("a folder", "a dangling link"):
        assert file.read_bytes() == whole  # written anew


def test_where_nothing_can_be_kept_everything_is_read(project: Path, cache: Path) -> None:
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file where the folder should be")
    assert lint(project) == lint(project, "--no-cache")


def test_a_folder_that_others_may_write_to_is_not_used(project: Path, cache: Path) -> None:
    lint(project)
    (file,) = kept(cache)
    file.unlink()
    cache.chmod(0o777)
    assert lint(project) == lint(project, "--no-cache")
    assert kept(cache) == []


def test_no_more_than_some_are_kept_and_what_a_killed_run_left_goes(project: Path, cache: Path) -> None:
    cache.mkdir(parents=True, mode=0o700)
    long_ago = time.time() - 100_000
    for number in range(50):
        (cache / f"{number}-old.schema").write_bytes(b"of another version")
        os.utime(cache / f"{number}-old.schema", (long_ago + number, long_ago + number))
    (cache / "left.part").write_bytes(b"half")
    os.utime(cache / "left.part", (long_ago, long_ago))
    (cache / "under_way.part").write_bytes(b"half")
    lint(project)
    names = {one.name for one in cache.iterdir()}
    assert len(kept(cache)) == 32
    assert any(name.startswith("59-") for name in names)
    assert "0-old.schema" not in names
    assert names >= {"49-old.schema", "under_way.part"}
    assert "left.part" not in names


def test_runs_at_once_and_runs_that_are_killed_leave_whole_files_only(project: Path, cache: Path) -> None:
    without = lint(project, "--no-cache")
    command = [
        sys.executable,
        "-m",
        "migrasafe",
        "lint",
        "migrations/059_change.sql",
        "--with-history",
        "--format",
        "json",
    ]
    path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    chance = random.Random(5)
    runs = [
        subprocess.Popen(
            command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(8)
    ]
    killed = runs[::2]
    while any(run.poll() is None for run in killed):
        time.sleep(chance.uniform(0, 0.3))
        chance.choice(killed).send_signal(signal.SIGKILL)
    for run in runs[1::2]:
        out, err = run.communicate()
        assert (run.returncode, out, err) == without
    for run in killed:
        run.communicate()
    assert len(kept(cache)) == 1
    assert lint(project) == without
