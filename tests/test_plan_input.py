"""`migrasafe plan FILE`: a migration of any layout that lint reads, with what its comments say."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError

FIRST = "CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"
FILES = {
    "alembic": (
        "b2.py",
        {
            "a1.py": 'from alembic import op\n\nrevision = "a1"\ndown_revision = None\n\n\n'
            f'def upgrade():\n    op.execute("{FIRST}")\n',
            "b2.py": 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "b2"\ndown_revision = "a1"\n\n\ndef upgrade():\n'
            "    # migrasafe: rename users.name -> full_name\n"
            '    op.add_column("users", sa.Column("full_name", sa.Text))\n'
            '    op.drop_column("users", "name")\n'
            "    with op.get_context().autocommit_block():\n"
            '        op.create_index("users_age", "users", ["age"], postgresql_concurrently=True)\n',
        },
    ),
    "dbmate": (
        "2_b.sql",
        {
            "1_a.sql": f"-- migrate:up\n{FIRST}\n",
            "2_b.sql": "-- migrate:up\n-- migrasafe: rename users.name -> full_name\n"
            "ALTER TABLE users ADD full_name text;\nALTER TABLE users DROP name;\nCREATE INDEX users_age ON users (age);\n"
            "-- migrate:down\nALTER TABLE users RENAME full_name TO name;\n",
        },
    ),
    "prisma": (
        "2_b/migration.sql",
        {
            "1_a/migration.sql": FIRST,
            "2_b/migration.sql": "-- migrasafe: rename users.name -> full_name\n"
            "ALTER TABLE users DROP name, ADD full_name text;\nCREATE INDEX users_age ON users (age);\n",
        },
    ),
}


def plan(folder: Path, file: str, *more: object) -> Result:
    words = ["plan", folder / file, "--schema", folder, "--out", folder.parent / "plan", *more]
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


def _planned_in_words(folder: Path, *words: str) -> Result:
    given = ["plan", *words, "--schema", str(folder), "--out", str(folder.parent / "plan")]
    return CliRunner().invoke(cli, given, standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    _, files = FILES[request.param]
    for name, text in files.items():
        (tmp_path / "migrations" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "migrations" / name).write_text(text, encoding="utf-8")
    return tmp_path / "migrations"


@pytest.mark.parametrize(("folder", "file"), [(tool, file) for tool, (file, _) in FILES.items()], indirect=["folder"])
def test_a_migration_of_any_tool_is_planned(folder: Path, file: str) -> None:
    made = plan(folder, file)
    assert made.exception is None, made.exception
    assert made.output.startswith("rename public.users.name to full_name; add the index public.users_age: 6 phases")


@pytest.mark.parametrize(("folder", "file"), [(tool, file) for tool, (file, _) in FILES.items()], indirect=["folder"])
def test_what_nobody_says_is_asked_for_with_the_line(folder: Path, file: str) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace("migrasafe: rename", "rename"), encoding="utf-8")
    made = plan(folder, file)
    assert isinstance(made.exception, InputError)
    text = path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, one in enumerate(text, start=1) if "full_name" in one and "rename" not in one)
    assert f"{file}:{line}: is name dropped, or does full_name take its place?" in str(made.exception)


@pytest.mark.parametrize("folder", ["alembic"], indirect=True)
def test_a_revision_that_cannot_be_read_whole_is_not_planned(folder: Path) -> None:
    file = folder / "b2.py"
    file.write_text(file.read_text(encoding="utf-8") + "    op.made_up('x')\n", encoding="utf-8")
    made = plan(folder, "b2.py")
    assert isinstance(made.exception, InputError)
    assert "a plan of the rest would not be whole" in str(made.exception)


@pytest.mark.parametrize("folder", ["alembic"], indirect=True)
@pytest.mark.parametrize("words", [(), ("drop", "users.age")])
def test_what_an_unread_revision_would_have_made_is_not_said_to_be_given_wrongly(
    folder: Path, words: tuple[str, ...]
) -> None:
    first = (folder / "a1.py").read_text(encoding="utf-8")
    (folder / "a1.py").write_text(f"{first}\nraise RuntimeError('not now')\n", encoding="utf-8")
    made = plan(folder, "b2.py") if not words else _planned_in_words(folder, *words)
    assert "a1.py:10: cannot be rendered: RuntimeError: not now" in made.stderr
    assert str(made.exception).endswith("; what was not read (see above) may be why: mend it first")


@pytest.mark.parametrize("folder", ["dbmate", "alembic"], indirect=True)
def test_what_is_said_to_the_planner_is_nothing_for_lint(folder: Path) -> None:
    said = CliRunner().invoke(cli, ["lint", str(folder)], standalone_mode=False)
    assert "bad-allow" not in said.output
    assert "drop-column-in-use" in said.output
