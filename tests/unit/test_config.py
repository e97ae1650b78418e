"""A config is found by walking up, read strictly, and gives way to the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrasafe import toml_file
from migrasafe.config import Options, PathOptions, find_config, place_of, read_config, settle
from migrasafe.errors import ConfigError
from migrasafe.findings import Severity
from tests.in_process import migrasafe


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_nearest_config_above_the_folder_counts(tmp_path):
    write(tmp_path / "migrasafe.toml", "pg_version = 14\n")
    write(tmp_path / "shop/pyproject.toml", "[tool.migrasafe]\npg-version = 16\n")
    (tmp_path / "shop/db/migrations").mkdir(parents=True)
    assert find_config(tmp_path / "shop/db/migrations").pg_version == 16
    assert find_config(tmp_path).pg_version == 14


def test_a_pyproject_without_our_table_is_passed_by(tmp_path):
    write(tmp_path / "migrasafe.toml", "pg_version = 14\n")
    write(tmp_path / "shop/pyproject.toml", "[tool.other]\nx = 1\n")
    assert find_config(tmp_path / "shop").pg_version == 14


def test_the_search_ends_at_the_root_of_the_repository(tmp_path):
    write(tmp_path / "migrasafe.toml", "pg_version = 14\n")
    (tmp_path / "shop/.git").mkdir(parents=True)
    assert find_config(tmp_path / "shop") == Options()


def test_two_configs_in_one_folder_are_refused(tmp_path):
    write(tmp_path / "migrasafe.toml", "")
    write(tmp_path / "pyproject.toml", "[tool.migrasafe]\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml:1 both exist: keep one of them"):
        find_config(tmp_path)


def test_every_setting_can_be_given(tmp_path):
    path = write(
        tmp_path / "migrasafe.toml",
        """
paths = ["db"]
layout = "flyway"
pg_version = 16
in_transaction = "no"
independent = true
schema = "postgresql://localhost/shop"
select = ["drop-column-in-use"]
ignore = ["truncate-table"]
fail_on = "never"
large_table = 1000
[severity]
missing-lock-timeout = "info"
[per_path]
"db/2019*" = { ignore = ["truncate-table"] }
""",
    )
    settings = settle(read_config(path), folder=Path.cwd())
    assert [Path(one).resolve() for one in settings.paths] == [tmp_path / "db"]
    assert (settings.layout, settings.in_transaction, settings.independent) == ("flyway", False, True)
    assert (settings.target.pg_version, settings.target.pg_version_assumed) == (16, False)
    assert settings.target.busy_rows == 1000
    assert settings.schema == "postgresql://localhost/shop"
    assert (settings.select, settings.ignore) == (("drop-column-in-use",), ("truncate-table",))
    assert settings.fail_on is None
    assert settings.severity == {"missing-lock-timeout": Severity.INFO}
    assert settings.per_path == (PathOptions(pattern="db/2019*", ignore=("truncate-table",)),)
    assert settings.folder == tmp_path


def test_the_command_line_wins_over_the_file():
    file = Options(pg_version=14, fail_on="never", ignore=("a",))
    merged = Options(pg_version=17, ignore=("b",)).over(file)
    assert (merged.pg_version, merged.fail_on, merged.ignore) == (17, "never", ("b",))


def test_without_any_config_the_version_is_assumed(tmp_path):
    settings = settle(Options(), folder=tmp_path)
    assert (settings.target.pg_version, settings.target.pg_version_assumed) == (15, True)
    assert (settings.fail_on, settings.in_transaction, settings.paths) == (Severity.ERROR, None, ())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pg_verson = 15", "pg_verson is not a setting; did you mean pg_version?"),
        ("zzz = 15", "zzz is not a setting; known are paths"),
        ("pg_version = 11", "pg_version must be from 12 to 18, not 11"),
        ('pg_version = "15"', "pg_version must be a whole number"),
        ("pg_version = true", "pg_version must be a whole number"),
        ("pg_version = 15\npg-version = 16", "pg-version is there twice"),
        ("large_table = -1", "large_table must be a whole number"),
        ('paths = "db"', "paths must be a list of strings"),
        ("select = [1]", "select must be a list of strings"),
        ('fail_on = "always"', "fail_on must be one of error, warning, info, never, not always"),
        ("layout = 3", "layout must be a string"),
        ('independent = "yes"', "independent must be true or false"),
        ("severity = 3", "severity must be a table"),
        ('[severity]\ntruncate-table = "off"', "severity.truncate-table must be error, warning or info"),
        ("[severity]\ntruncate-table = []", "severity.truncate-table must be error, warning or info"),
        ('[per_path]\n"db/*" = { skip = true }', 'per_path."db/*".skip is not a setting; known are ignore, severity'),
        ("pg_version = ", "is not valid TOML: Invalid value (at column 14)"),
        ("paths = [", "is not valid TOML: Invalid value (at end of document)"),
        ("pg_version = 1 5", "is not valid TOML: Expected newline or end of document after a statement (at column 16)"),
    ],
)
def test_a_mistake_is_refused_with_the_file_the_line_and_the_key(tmp_path, text, complaint):
    path = write(tmp_path / "migrasafe.toml", f"# ours\n\n{text}\n")
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert str(refused.value).startswith(f"{path}:{3 + text.count(chr(10))}: {complaint}")


def test_a_mistake_in_a_list_has_the_line_of_what_is_wrong_in_it(tmp_path):
    path = write(tmp_path / "migrasafe.toml", 'select = [\n  "a",\n  # 3\n  3,\n]\n')
    with pytest.raises(ConfigError, match=r"migrasafe\.toml:4: select must be a list of strings$"):
        read_config(path)


def test_a_setting_is_found_again_as_it_was_written(tmp_path):
    own = read_config(write(tmp_path / "migrasafe.toml", '\nper-path."a b".ignore = [\n"x"]\nrules = []\n'))
    assert str(place_of(own, "per_path", "a b", "ignore", 0)) == f'{tmp_path}/migrasafe.toml:3: per-path."a b".ignore'
    assert str(place_of(own, "rules")) == f"{tmp_path}/migrasafe.toml:4: rules"
    ours = find_config((write(tmp_path / "shop/pyproject.toml", "[tool.migrasafe]\nignore = []\n")).parent)
    assert str(place_of(ours, "ignore")) == f"{tmp_path}/shop/pyproject.toml:2: tool.migrasafe.ignore"
    (tmp_path / "shop/pyproject.toml").unlink()
    assert str(place_of(ours, "ignore")) == f"{tmp_path}/shop/pyproject.toml: tool.migrasafe.ignore"
    assert str(place_of(Options(), "ignore")) == "ignore"


def test_all_mistakes_are_told_at_once(tmp_path):
    path = write(tmp_path / "pyproject.toml", '[tool.migrasafe]\npg_version = 11\nlayuot = "x"\n')
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert "tool.migrasafe.pg_version must be" in str(refused.value)
    assert "tool.migrasafe.layuot is not a setting; did you mean layout?" in str(refused.value)


def test_all_mistakes_inside_of_tables_are_told_at_once(tmp_path):
    path = write(
        tmp_path / "migrasafe.toml",
        """
        [severity]
        a = "x"
        b = "y"
        [per_path]
        "db/*" = { skip = true, ignore = 3, severity = { c = 4, d = 5 } }
        "other" = 6
        """,
    )
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert [one.removeprefix(f"{path}:") for one in str(refused.value).split("; ")] == [
        "3: severity.a must be error, warning or info",
        "4: severity.b must be error, warning or info",
        '6: per_path."db/*".skip is not a setting',
        "known are ignore, severity",
        '6: per_path."db/*".ignore must be a list of strings',
        '6: per_path."db/*".severity.c must be error, warning or info',
        '6: per_path."db/*".severity.d must be error, warning or info',
        "7: per_path.other must be a table",
    ]


def test_of_thousands_of_mistakes_the_first_are_told(tmp_path):
    path = write(tmp_path / "migrasafe.toml", "".join(f"k{number} = 1\n" for number in range(50_000)))
    with pytest.raises(ConfigError, match=r"k19 is not a setting.*; what follows was not looked at$"):
        read_config(path)


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"paths = " + b"[" * 5_000 + b"]" * 5_000, ":1: is not valid TOML: its tables or lists are nested too deeply"),
        (b"severity = " + b"{a = " * 5_000 + b"1" + b"}" * 5_000, ":1: is not valid TOML: its tables or lists are"),
        (
            b"\n" + b".".join([b"a"] * 100_000) + b" = 1",
            ":2: is not valid TOML: its tables or lists are nested too deeply",
        ),
        (b"# ours\npg_version = " + b"9" * 10_000, ":2: is not valid TOML: a number in it is too long"),
        (b"pg_version = 15\n# \xff\n", ":2: is not valid TOML: it is not UTF-8; save it as UTF-8"),
        (b"pg_version = 15\0", ":1: is not valid TOML: "),
        (b'\nschema = "a\\u0000b"', ":2: schema has a NUL character, which no name, path or SQL may have"),
        (rb'per_path = { "a" = { ignore = ["\U00000000"] } }', ":1: per_path.a.ignore has a NUL character"),
        (b"#" * (17 << 20), ": has more than 16 MB"),
        (b"k" * 100_000 + b" = 1", "is not a setting; known are"),
    ],
    ids=[
        "lists",
        "tables",
        "parts of a key",
        "digits",
        "no UTF-8",
        "NUL",
        "a NUL written out",
        "NUL in a list",
        "huge",
        "a long key",
    ],
)
def test_what_no_person_has_written_is_refused_with_the_file(tmp_path, raw, complaint):
    path = tmp_path / "migrasafe.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert str(refused.value).startswith(str(path))
    assert complaint in str(refused.value)


def test_a_config_in_whose_place_is_something_else_is_not_passed_by(tmp_path):
    for number, make in enumerate((Path.mkdir, lambda path: path.symlink_to(path), os.mkfifo)):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / "migrasafe.toml")
        with pytest.raises(ConfigError, match=r"migrasafe\.toml: cannot be read: "):
            find_config(folder)


def test_a_config_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "none.toml")


def test_a_config_without_a_mistake_is_read_once(tmp_path, monkeypatch):
    path = write(
        tmp_path / "migrasafe.toml", 'ignore = ["truncate-table"]\n[severity]\nmissing-lock-timeout = "info"\n'
    )
    read: list[Path] = []
    text_of = toml_file.text_of_toml
    monkeypatch.setattr(toml_file, "text_of_toml", lambda one: read.append(one) or text_of(one))
    write(tmp_path / "1.sql", "SELECT 1;\n")
    assert migrasafe(tmp_path, "lint", "1.sql").returncode == 0
    assert read == [path]
