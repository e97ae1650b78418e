"""Alembic revisions that need a database run on a scratch database of a real server, which is gone afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from migrasafe.errors import RenderError
from migrasafe.migrations.alembic.again import rendered_on
from migrasafe.migrations.alembic.project import project_at
from migrasafe.migrations.alembic.protocol import Direction
from migrasafe.migrations.alembic.read import read_project, render_online
from migrasafe.migrations.model import Migration
from migrasafe.migrations.read import read_history
from tests.alembic_projects import FIRST_LINE, blocking, lines_of, modes_of, remarks, shown, sql_of, write_revisions
from tests.postgres.servers import Database

CONCURRENTLY = "create-index-without-concurrently"
SHOP = Path(__file__).parent.parent.parent / "fixtures" / "alembic-shop"
CREATE_ORDERS = 'op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, email text)")'


def rendered_live(database: Database, folder: Path, *bodies: str, timeout_seconds: float = 60) -> tuple[Migration, ...]:
    project = write_revisions(folder, *bodies)
    return render_online(project, root=str(folder), dsn=database.dsn, timeout_seconds=timeout_seconds).migrations


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """As a role of its own, to which what is made belongs: other tests make scratch databases on the same server."""
    role = f"maker_{uuid.uuid4().hex[:8]}"
    database.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")
    yield replace(database, dsn=make_conninfo(database.dsn, user=role))
    database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def scratch_databases(database: Database) -> list[tuple[object, ...]]:
    return database.execute("SELECT datname FROM pg_database WHERE datdba = current_user::regrole")


def test_rows_are_there_and_the_lines_too(database: Database, tmp_path: Path) -> None:
    _, second = rendered_live(
        database,
        tmp_path,
        CREATE_ORDERS + """; op.execute("INSERT INTO orders VALUES (7, 'a@b.c')")""",
        """
        connection = op.get_bind()
        for row in connection.execute(sa.text("SELECT id FROM orders")):
            connection.execute(sa.text("UPDATE orders SET email = :email WHERE id = :id"), {"email": "", "id": row.id})
        """,
    )
    assert lines_of(second.parts[0]) == [
        (FIRST_LINE + 1, "SELECT id FROM orders"),
        (FIRST_LINE + 2, "UPDATE orders SET email = '' WHERE id = 7"),
    ]
    assert (blocking(second), remarks(second)) == ([], [])
    assert scratch_databases(database) == []
    assert database.execute("SELECT count(*) FROM pg_class WHERE relname = 'orders'") == [(0,)]


def test_inspectors_ask_the_server_and_their_queries_are_not_statements(database: Database, tmp_path: Path) -> None:
    _, second = rendered_live(
        database,
        tmp_path,
        CREATE_ORDERS,
        """
        metadata = sa.MetaData()
        metadata.reflect(op.get_bind())
        assert list(metadata.tables) == ["orders"]
        assert sa.inspect(op.get_bind()).get_indexes("orders") == []
        postgresql.ENUM("s", "m", name="size").create(op.get_bind(), checkfirst=True)
        """,
    )
    assert blocking(second) == []
    assert sql_of(second) == ["CREATE TYPE size AS ENUM ('s', 'm')"]


def test_autocommit_blocks_and_commits_are_real(database: Database, tmp_path: Path) -> None:
    _, second = rendered_live(
        database,
        tmp_path,
        CREATE_ORDERS,
        """
        op.execute("ALTER TABLE orders ADD COLUMN note text")
        with op.get_context().autocommit_block():
            op.create_index("orders_note", "orders", ["note"], postgresql_concurrently=True)
        op.get_bind().commit()
        op.execute("ALTER TABLE orders ADD COLUMN size int")
        """,
    )
    assert blocking(second) == []
    assert modes_of(second) == [("one", 1), ("none", 1), ("one", 1)]


def test_json_and_arrays_come_back_as_python_values(database: Database, tmp_path: Path) -> None:
    (only,) = rendered_live(
        database,
        tmp_path,
        """
        orders = op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True),
            sa.Column("more", postgresql.JSONB()), sa.Column("tags", postgresql.ARRAY(sa.Text())), sa.Column("fee", sa.Numeric()))
        connection = op.get_bind()
        connection.execute(orders.insert(), [{"more": {"a": [1]}, "tags": ["x"], "fee": 1.5}])
        row = connection.execute(sa.select(orders)).one()
        assert (row.id, row.more, row.tags, str(row.fee)) == (1, {"a": [1]}, ["x"], "1.5"), row
        assert connection.execute(sa.text("SELECT more FROM orders")).scalar() == {"a": [1]}
        """,
    )
    assert blocking(only) == []


def test_what_fails_on_the_server_is_shown_as_rendered_without_it(database: Database, tmp_path: Path) -> None:
    first, second = rendered_live(
        database,
        tmp_path,
        """
        op.execute("CREATE TABLE orders (id int)")
        op.execute("ALTER TABLE carts ADD COLUMN note text")
        """,
        """
        op.execute("CREATE TABLE orders (id int)")
        op.get_bind().execute(sa.text("SELECT id FROM orders")).one()
        """,
    )
    assert sql_of(first) == ["CREATE TABLE orders (id int)", "ALTER TABLE carts ADD COLUMN note text"]
    assert blocking(first) == []
    ((line, message),) = remarks(first)
    assert line == FIRST_LINE - 1
    assert message.startswith("fails on the server, so it is shown as rendered without one: ProgrammingError:")
    assert 'relation "carts" does not exist' in message
    assert blocking(second) == [
        "fails on the server: NoResultFound: No row was found when one was required; 2 statements seen until then"
    ]


def test_types_that_are_not_installed_do_not_stop_the_history(database: Database, tmp_path: Path) -> None:
    first, second = rendered_live(
        database,
        tmp_path,
        """
        from app_missing import Moment
        op.create_table("orders", sa.Column("due", Moment(), server_default=sa.text("now()")))
        """,
        """op.execute("UPDATE orders SET due = now() + interval '1 day'")""",
    )
    assert (blocking(first), blocking(second)) == ([], [])
    assert sql_of(first) == ['CREATE TABLE orders ( due "Moment" DEFAULT now() )']


def test_a_process_that_dies_leaves_the_database_to_the_next_and_then_it_is_dropped(
    database: Database, tmp_path: Path
) -> None:
    first, second, third = rendered_live(
        database,
        tmp_path,
        CREATE_ORDERS,
        """
        import os
        os._exit(1)
        """,
        'op.execute("ALTER TABLE orders ADD COLUMN note text")',
    )
    assert (blocking(first), blocking(third)) == ([], [])
    assert "ended with status 1" in blocking(second)[0]
    assert scratch_databases(database) == []


def test_the_shop_needs_no_server_for_all_but_what_reads_rows(
    each_major: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SHOP)
    project = project_at(Path("shop/migrations"))
    online = shown(render_online(project, root="shop/migrations", dsn=database.dsn))
    without = json.loads(Path("rendered.json").read_text(encoding="utf-8"))["upgrade"]
    assert [(one["id"], one["parts"]) for one in online] == [(one["id"], one["parts"]) for one in without]


def test_downgrades_run_after_the_upgrades(database: Database, tmp_path: Path) -> None:
    project = write_revisions(tmp_path, CREATE_ORDERS)
    file = tmp_path / "versions" / "1.py"
    file.write_text(file.read_text() + '\n\ndef downgrade():\n    op.drop_table("orders")\n')
    for history in (
        render_online(project, root=".", dsn=database.dsn, direction=Direction.DOWNGRADE),
        read_project(project, root=".", direction=Direction.DOWNGRADE),
    ):
        assert sql_of(history.migrations[0]) == ["DROP TABLE orders"]
        assert blocking(history.migrations[0]) == []


def test_a_server_that_cannot_be_reached_is_said_without_the_password(tmp_path: Path) -> None:
    project = write_revisions(tmp_path, CREATE_ORDERS)
    with pytest.raises(RenderError, match="Alembic revisions cannot be run here: OperationalError") as caught:
        render_online(project, root=".", dsn="postgresql://shop:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in str(caught.value)


def linted(*arguments: str, cwd: Path) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "migrasafe", "lint", "--no-config", "--format", "json", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


NEEDS_ROWS = """
    for row in op.get_bind().execute(sa.text("SELECT relname FROM pg_class WHERE relname = 'orders'")).all():
        name = row.relname
    op.execute(f"CREATE INDEX {name}_by_email ON {name} (email)")
    """


def test_lint_renders_on_the_server_of_its_schema_what_needs_one(database: Database, tmp_path: Path) -> None:
    write_revisions(tmp_path, CREATE_ORDERS, NEEDS_ROWS)
    status, report = linted("versions", "--fail-on", "warning", cwd=tmp_path)
    assert (status, report["findings"]) == (1, [])  # what cannot be read is not fine
    status, report = linted("versions", "--schema", database.dsn, "--select", CONCURRENTLY, cwd=tmp_path)
    assert (status, [(one["rule"], one["line"]) for one in report["findings"]]) == (1, [(CONCURRENTLY, FIRST_LINE + 2)])
    assert scratch_databases(database) == []


def test_a_server_that_makes_no_database_leaves_the_history_as_it_was(database: Database, tmp_path: Path) -> None:
    write_revisions(tmp_path, CREATE_ORDERS, NEEDS_ROWS)
    role = f"reader_{uuid.uuid4().hex[:8]}"
    database.execute(f"CREATE ROLE {role} LOGIN")
    try:
        dsn = make_conninfo(database.dsn, user=role)
        (history,) = read_history([str(tmp_path / "versions")])
        after = rendered_on(history, dsn)
        assert after.migrations == history.migrations
        assert "rendered without the server of --schema" in after.notices[-1].message
    finally:
        database.execute(f"DROP ROLE {role}")
