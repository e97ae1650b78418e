"""Every fixture is a small project of one migration tool: found without --layout, read in the tool's order and mode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrasafe.errors import AmbiguousLayoutError, InputError
from migrasafe.migrations.formats import FORMATS
from migrasafe.migrations.model import History, Migration, Notice
from migrasafe.migrations.read import read_history
from migrasafe.sql.statements import Unrecognized

FIXTURES = Path(__file__).parent.parent / "fixtures"
PROJECTS = sorted(path.parent.name for path in FIXTURES.glob("*/expected.json"))


def shown(history: History) -> dict[str, object]:
    """A history as expected.json has it."""
    notices = (*history.notices, *(notice for migration in history.migrations for notice in migration.notices))
    return {
        "layout": history.layout,
        "root": history.root,
        "migrations": [_migration(migration) for migration in history.migrations],
        "notices": [_notice(notice) for notice in notices],
    }


def _migration(migration: Migration) -> dict[str, object]:
    parts = [[part.transaction.value, len(part.script.statements)] for part in migration.parts]
    return {
        "id": migration.id,
        "path": migration.path,
        "parts": parts,
        **({"repeatable": True} if migration.repeatable else {}),
        **({"hint": migration.hint} if migration.hint else {}),
    }


def _notice(notice: Notice) -> dict[str, object]:
    return {"path": notice.path, "line": notice.line, "blocking": notice.blocking, "message": notice.message}


@pytest.fixture
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fixture's folder, as the working folder."""
    place: Path = FIXTURES / request.param
    monkeypatch.chdir(place)
    return place


def expected(project: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((project / "expected.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_a_project_is_read_without_being_told_its_tool(project: Path) -> None:
    assert [shown(history) for history in read_history(["."])] == [expected(project)]


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_a_project_is_read_the_same_when_its_tool_is_named(project: Path) -> None:
    wanted = expected(project)
    assert [shown(history) for history in read_history(["."], layout=str(wanted["layout"]))] == [wanted]


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_the_folder_of_migrations_is_enough(project: Path) -> None:
    wanted = expected(project)
    (history,) = read_history([str(wanted["root"])])
    assert shown(history)["migrations"] == wanted["migrations"]


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_every_statement_stands_where_the_file_has_it(project: Path) -> None:
    for history in read_history(["."]):
        for part in (part for migration in history.migrations for part in migration.parts):
            if part.script.origins is not None:
                continue  # rendered from a changelog
            source = part.script.source
            written = Path(source.path).read_text(encoding="utf-8")
            assert len(source.text) == len(written)
            assert [at for at, one in enumerate(source.text) if one == "\n"] == [
                at for at, one in enumerate(written) if one == "\n"
            ]
            assert [one for one in part.script.statements if isinstance(one, Unrecognized)] == []


def test_every_layout_has_a_project() -> None:
    layouts = {
        json.loads((FIXTURES / name / "expected.json").read_text(encoding="utf-8"))["layout"] for name in PROJECTS
    }
    assert layouts == FORMATS.keys() - {"alembic", "django"}  # which have tests of their own


def test_pairs_that_several_tools_would_run_differently_need_the_layout(tmp_path: Path) -> None:
    (tmp_path / "1_create_orders.up.sql").write_text("CREATE TABLE orders (id bigint);")
    (tmp_path / "2_index_orders.up.sql").write_text("CREATE INDEX CONCURRENTLY orders_id_idx ON orders (id);")
    with pytest.raises(AmbiguousLayoutError, match=r"golang-migrate .*sqlx .*pop .*--layout golang-migrate"):
        read_history([str(tmp_path)])
    (history,) = read_history([str(tmp_path)], layout="golang-migrate")
    assert [migration.id for migration in history.migrations] == ["1", "2"]


def test_pairs_that_all_tools_run_the_same_way_are_read_with_a_notice(tmp_path: Path) -> None:
    (tmp_path / "1_create_orders.up.sql").write_text("CREATE TABLE orders (id bigint);")
    (history,) = read_history([str(tmp_path)])
    assert [notice.blocking for notice in history.notices] == [False]
    assert "golang-migrate, sqlx, pop" in history.notices[0].message


def test_every_folder_of_migrations_in_a_project_is_a_history_of_its_own(tmp_path: Path) -> None:
    for place in ("billing/migrations", "node_modules/other/migrations", "shop/prisma/migrations/1_first"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "billing/migrations/1_first.sql").write_text("SELECT 1;")
    (tmp_path / "node_modules/other/migrations/1_first.sql").write_text("SELECT 1;")
    (tmp_path / "shop/prisma/migrations/1_first/migration.sql").write_text("SELECT 1;")
    assert [history.layout for history in read_history([str(tmp_path)])] == ["plain", "prisma"]


def test_what_lies_outside_the_folders_of_migrations_is_said(tmp_path: Path) -> None:
    for place in ("db/1_first.sql", "db/old/0_before.sql", "db/structure/structure.sql", "db/seeds/seed.sql"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("SELECT 1;")
    (history,) = read_history([str(tmp_path / "db")])
    assert [migration.id for migration in history.migrations] == ["1_first"]
    assert [(Path(one.path).name, one.message) for one in history.notices] == [
        ("old", "not read: its .sql files lie outside the folders of migrations; give it by name to read them")
    ]


def test_files_given_by_name_are_read_as_their_tool_would(tmp_path: Path) -> None:
    marked = tmp_path / "1_first.sql"
    marked.write_text("-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n")
    plain = tmp_path / "other.sql"
    plain.write_text("SELECT 1; SELECT 2; SELECT 3;")
    goose, other = read_history([str(plain), str(marked)])
    assert [goose.layout, len(goose.migrations[0].parts[0].script.statements)] == ["goose", 1]
    assert [other.layout, len(other.migrations[0].parts[0].script.statements)] == ["plain", 3]


def test_links_in_a_circle_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "1_first.sql").write_text("SELECT 1;")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (history,) = read_history([str(tmp_path)])
    assert len(history.migrations) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("1_nul.sql", b"SELECT 1;\nSELECT '\0';", r"1_nul\.sql:2: contains a NUL"),
        ("1_latin.sql", b"SELECT '\xe9';", r"1_latin\.sql:1: is not valid UTF-8"),
    ],
)
def test_a_file_that_is_not_text_is_one_sentence(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        _texts(tmp_path)


def test_an_empty_folder_a_broken_link_and_a_missing_path_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no migrations"):
        read_history([str(tmp_path)])
    with pytest.raises(InputError, match="no such file"):
        read_history([str(tmp_path / "missing")])
    (tmp_path / "1_first.sql").symlink_to(tmp_path / "missing")
    with pytest.raises(InputError, match=r"1_first\.sql: cannot be read"):
        _texts(tmp_path)


def _texts(folder: Path) -> list[tuple[str, ...]]:
    """What the migrations say: their files are read when somebody asks."""
    return [migration.texts for history in read_history([str(folder)]) for migration in history.migrations]


def test_an_unknown_layout_is_refused_with_the_closest_one() -> None:
    with pytest.raises(InputError, match="did you mean flyway"):
        read_history(["."], layout="flywey")


def test_standard_input_is_one_migration() -> None:
    (history,) = read_history(["-"], stdin="SELECT 1;\nSELECT 2;")
    assert [len(part.script.statements) for migration in history.migrations for part in migration.parts] == [2]


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_files_of_a_project_given_by_name_are_read_in_its_mode(project: Path) -> None:
    wanted = {path: parts for path, parts in _parts_by_path(expected(project)).items() if path.endswith(".sql")}
    read = {
        migration.path: [[part.transaction.value, len(part.script.statements)] for part in migration.parts]
        for history in read_history(sorted(wanted))
        for migration in history.migrations
    }
    assert read == wanted


def _parts_by_path(wanted: dict[str, object]) -> dict[str, object]:
    migrations = wanted["migrations"]
    assert isinstance(migrations, list)
    return {migration["path"]: migration["parts"] for migration in migrations}


RAILS = "class AddAge < ActiveRecord::Migration[7.1]\n  def change\n    add_column :users, :age, :integer\n  end\nend\n"


def test_a_rails_project_is_not_taken_for_its_structure_sql(tmp_path: Path) -> None:
    (tmp_path / "db" / "migrate").mkdir(parents=True)
    (tmp_path / "db" / "migrate" / "20240102_add_age.rb").write_text(RAILS)
    (tmp_path / "db" / "structure.sql").write_text("CREATE TABLE users (id bigint);")
    (history,) = read_history([str(tmp_path)])
    assert (history.layout, [one.id for one in history.migrations]) == ("rails", ["20240102"])


def test_migrations_that_are_programs_are_said_to_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "priv" / "migrations").mkdir(parents=True)
    (tmp_path / "priv" / "migrations" / "1_add.exs").write_text("defmodule A do\n  use Ecto.Migration\nend\n")
    with pytest.raises(InputError, match=r"1_add\.exs is a migration of Ecto, .*migrate --log-migrations-sql"):
        read_history([str(tmp_path)])
    (tmp_path / "views.sql").write_text("CREATE VIEW names AS SELECT id FROM users;")
    (history,) = read_history([str(tmp_path)])
    assert [(notice.blocking, "of Ecto" in notice.message) for notice in history.notices] == [(True, True)]


def test_callbacks_of_flyway_are_read_where_they_run(tmp_path: Path) -> None:
    names = ("V1__a", "V2__b", "R__view", "beforeMigrate", "afterMigrate__2_grant", "afterMigrate__1_drop")
    for name in (*names, "afterVersioned__x", "beforeEachMigrate", "afterClean", "notes"):
        (tmp_path / f"{name}.sql").write_text("SELECT 1;\n")
    (history,) = read_history((str(tmp_path),))
    assert [Path(one.path).stem for one in history.migrations] == [
        *("beforeMigrate", "V1__a", "V2__b", "R__view"),
        *("afterVersioned__x", "afterMigrate__1_drop", "afterMigrate__2_grant"),
    ]
    assert [one.repeatable for one in history.migrations] == [True, False, False, True, True, True, True]
    assert [(Path(one.path).stem, one.message) for one in history.notices] == [
        ("beforeEachMigrate", "not read: a callback that runs around each migration, or after errors"),
        ("notes", "not read: not a name that Flyway runs"),
    ]
