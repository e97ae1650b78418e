"""Alembic revisions are rendered by running them in a process of their own, without a server and without the app.

`python -m tests.test_alembic` writes the fixture's rendered.json again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from migrasafe.errors import InputError
from migrasafe.migrations.alembic.project import project_at
from migrasafe.migrations.alembic.protocol import Direction
from migrasafe.migrations.alembic.read import read_project
from migrasafe.migrations.read import read_history
from tests.alembic_projects import (
    FIRST_LINE,
    blocking,
    lines_of,
    modes_of,
    remarks,
    rendered,
    shown,
    sql_of,
    write_revisions,
)

SHOP = Path(__file__).parent.parent / "fixtures" / "alembic-shop"
CREATE_ORDERS = 'op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, email text)")'


def render_shop() -> dict[str, object]:
    """The fixture, rendered both ways; paths are relative to it."""
    ways: dict[str, object] = {}
    for direction in Direction:
        history = read_project(project_at(Path("shop/migrations")), root="shop/migrations", direction=direction)
        ways[direction.value] = shown(history)
    return ways


def test_the_shop_is_rendered_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHOP)
    assert render_shop() == json.loads(Path("rendered.json").read_text(encoding="utf-8"))


def test_the_shop_is_found_from_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHOP)
    (history,) = read_history(["."])
    assert (history.layout, history.root) == ("alembic", "shop/migrations")
    assert [migration.id for migration in history.migrations] == ["a1", "r1", "b1", "b2", "c1", "d1", "e1", "f1", "g1"]


# --- statements, lines, transactions ---


def test_every_statement_has_the_line_of_the_revision_that_made_it(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        def limited(table):
            op.execute("SET LOCAL lock_timeout = '5s'")
            op.drop_table(table)

        op.execute("CREATE TABLE orders (id int)")
        limited("carts")
        """,
    )
    assert lines_of(only.parts[0]) == [
        (FIRST_LINE + 4, "CREATE TABLE orders (id int)"),
        (FIRST_LINE + 1, "SET LOCAL lock_timeout = '5s'"),
        (FIRST_LINE + 2, "DROP TABLE carts"),
    ]


def test_statements_of_one_string_have_lines_of_their_own(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        '''
        op.execute("""
            CREATE TABLE orders (id int);
            -- and an index
            CREATE INDEX orders_id_idx ON orders (id)
        """)
        ''',
    )
    assert [line for line, _ in lines_of(only.parts[0])] == [FIRST_LINE + 1, FIRST_LINE + 3]


def test_operations_of_a_batch_have_lines_of_their_own_and_are_plain_alters(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        with op.batch_alter_table("orders") as batch:
            batch.add_column(sa.Column("note", sa.Text()))
            batch.drop_column("email")
        """,
    )
    assert lines_of(only.parts[0]) == [
        (FIRST_LINE + 1, "ALTER TABLE orders ADD COLUMN note TEXT"),
        (FIRST_LINE + 2, "ALTER TABLE orders DROP COLUMN email"),
    ]


def test_a_batch_that_always_recreates_copies_the_table_it_knows(tmp_path: Path) -> None:
    _, second = rendered(
        tmp_path,
        CREATE_ORDERS,
        """
        with op.batch_alter_table("orders", recreate="always") as batch:
            batch.add_column(sa.Column("note", sa.Text()))
        """,
    )
    assert sql_of(second) == [
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey",
        "CREATE TABLE _alembic_tmp_orders ( id BIGINT NOT NULL, email TEXT, note TEXT,"
        " CONSTRAINT orders_pkey PRIMARY KEY (id) )",
        "INSERT INTO _alembic_tmp_orders (id, email) SELECT orders.id, orders.email FROM orders",
        "DROP TABLE orders",
        "ALTER TABLE _alembic_tmp_orders RENAME TO orders",
    ]


def test_an_autocommit_block_is_a_part_without_a_transaction(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        op.execute("ALTER TABLE orders ADD COLUMN note text")
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY a ON orders (note)")
            op.execute("CREATE INDEX CONCURRENTLY b ON orders (note)")
        op.execute("ALTER TABLE orders ADD COLUMN size int")
        """,
    )
    assert modes_of(only) == [("one", 1), ("none", 2), ("one", 1)]


def test_a_string_of_several_statements_outside_of_a_transaction_is_one_to_the_server(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        with op.get_context().autocommit_block():
            op.execute("VACUUM orders")
            op.execute("ALTER TABLE orders ADD a int; ALTER TABLE orders ADD b int;")
            op.execute("VACUUM orders;")
        """,
    )
    assert modes_of(only) == [("none", 1), ("implicit", 2), ("none", 1)]


def test_a_commit_of_the_connection_begins_another_transaction(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        op.execute("ALTER TABLE orders ADD COLUMN note text")
        op.get_bind().commit()
        op.get_bind().execute(sa.text("UPDATE orders SET note = ''"))
        with op.get_bind().begin_nested():
            op.execute("ALTER TABLE orders ADD COLUMN size int")
        """,
    )
    assert modes_of(only) == [("one", 1), ("one", 4)]
    assert sql_of(only)[2:] == [
        "SAVEPOINT sa_savepoint_1",
        "ALTER TABLE orders ADD COLUMN size int",
        "RELEASE SAVEPOINT sa_savepoint_1",
    ]


def test_parameters_are_literals_wherever_they_come_from(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        import datetime, decimal, uuid
        orders = sa.table("orders", sa.column("id", sa.Uuid()), sa.column("due", sa.Date()), sa.column("tags", postgresql.JSONB()))
        day = datetime.date(2024, 2, 29)
        op.execute(sa.text("DELETE FROM orders WHERE due < :day AND note LIKE '50%'").bindparams(day=day))
        op.execute(orders.update().where(orders.c.id == uuid.UUID(int=1)).values(tags={"a": [1]}))
        op.get_bind().execute(sa.text("UPDATE orders SET total = :total"), {"total": decimal.Decimal("1.50")})
        op.get_bind().exec_driver_sql("UPDATE orders SET note = %s", ("it's",))
        op.bulk_insert(orders, [{"due": day}, {"due": None}])
        op.execute(orders.delete().where(orders.c.due.in_([day, day])))
        """,
    )
    assert sql_of(only) == [
        "DELETE FROM orders WHERE due < '2024-02-29'::date AND note LIKE '50%'",
        "UPDATE orders SET tags='{\"a\": [1]}' WHERE orders.id = '00000000-0000-0000-0000-000000000001'::uuid",
        "UPDATE orders SET total = 1.50",
        "UPDATE orders SET note = 'it''s'",
        "INSERT INTO orders (due) VALUES ('2024-02-29'::date)",
        "INSERT INTO orders (due) VALUES (NULL)",
        "DELETE FROM orders WHERE orders.due IN ('2024-02-29'::date, '2024-02-29'::date)",
    ]


def test_many_rows_alike_are_shown_a_hundred_times(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        'op.bulk_insert(sa.table("orders", sa.column("id", sa.Integer())), [{"id": n} for n in range(1234)])',
    )
    assert len(sql_of(only)) == 100
    assert remarks(only) == [(FIRST_LINE, "sends the statement 1,234 times with other values; the first 100 are shown")]


# --- reading the database ---


def test_reads_find_no_rows_and_are_said(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        connection = op.get_bind()
        for row in connection.execute(sa.text("SELECT id FROM orders")):
            op.execute("this is never run")
        while connection.execute(sa.text("SELECT count(*) FROM orders WHERE note IS NULL")).scalar_one() > 0:
            op.execute("neither is this")
        while True:
            if connection.execute(sa.text("UPDATE orders SET note = '' WHERE note IS NULL")).rowcount == 0:
                break
        """,
    )
    assert sql_of(only) == [
        "SELECT id FROM orders",
        "SELECT count(*) FROM orders WHERE note IS NULL",
        "UPDATE orders SET note = '' WHERE note IS NULL",
    ]
    said = "reads the database; rendered as if it returned no rows"
    assert remarks(only) == [(FIRST_LINE + 1, said), (FIRST_LINE + 3, said)]
    assert blocking(only) == []


def test_a_revision_that_needs_a_row_says_so_and_keeps_what_was_seen(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        op.execute("ALTER TABLE orders ADD COLUMN note text")
        first = op.get_bind().execute(sa.text("SELECT id FROM orders")).first()
        op.execute(f"DELETE FROM orders WHERE id = {first.id}")
        """,
    )
    assert sql_of(only) == ["ALTER TABLE orders ADD COLUMN note text", "SELECT id FROM orders"]
    assert blocking(only) == [
        "cannot be rendered without a database, whose answers it needs: AttributeError: 'NoneType' object has no"
        " attribute 'id'; 2 statements seen until then"
    ]
    assert [notice.line for notice in only.notices if notice.blocking] == [FIRST_LINE + 2]


def test_inspectors_know_what_the_revisions_before_made(tmp_path: Path) -> None:
    _, second = rendered(
        tmp_path,
        """
        op.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
        op.execute("CREATE TABLE people (id serial PRIMARY KEY)")
        op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, owner int REFERENCES people, mood mood, sum numeric(8,2)[])")
        op.execute("CREATE UNIQUE INDEX orders_owner ON orders (owner)")
        """,
        """
        inspector = sa.inspect(op.get_bind())
        assert inspector.get_table_names() == ["orders", "people"]
        assert inspector.has_table("orders")
        assert [column["name"] for column in inspector.get_columns("orders")] == ["id", "owner", "mood", "sum"]
        assert [str(column["type"]) for column in inspector.get_columns("orders")][0] == "BIGINT"
        assert [index["name"] for index in inspector.get_indexes("orders")] == ["orders_owner"]
        assert inspector.get_pk_constraint("orders")["constrained_columns"] == ["id"]
        assert inspector.get_foreign_keys("orders")[0]["referred_table"] == "people"
        assert inspector.get_enums()[0]["labels"] == ["good", "bad"]
        orders = sa.Table("orders", sa.MetaData(), autoload_with=op.get_bind())
        op.execute(orders.update().values(mood="good"))
        postgresql.ENUM("good", "bad", name="mood").create(op.get_bind(), checkfirst=True)
        postgresql.ENUM("s", "m", name="size").create(op.get_bind(), checkfirst=True)
        postgresql.ENUM(name="shade").drop(op.get_bind(), checkfirst=True)
        """,
    )
    assert blocking(second) == []
    assert sql_of(second) == [
        "UPDATE orders SET mood='good'",
        "CREATE TYPE size AS ENUM ('s', 'm')",
        "DROP TYPE shade",
    ]
    assert {message for _, message in remarks(second)} == {
        "asks the database what there is; answered from the revisions before it"
    }


def test_a_table_that_no_revision_makes_cannot_be_said_to_be_missing(tmp_path: Path) -> None:
    guarded = """
        if sa.inspect(op.get_bind()).has_table("orders"):
            op.execute("ALTER TABLE orders ADD COLUMN note text")
        if not sa.inspect(op.get_bind()).has_table("carts"):
            op.execute("CREATE TABLE carts (id int)")
        """
    (alone,) = rendered(tmp_path / "alone", guarded)
    assert blocking(alone) == [
        "asks for the table orders, which no revision makes: it was told so, and what it does otherwise is not seen;"
        " render it on a server"
    ]
    project = write_revisions(tmp_path / "dumped", guarded)
    history = read_project(project, root=".", made_before=["CREATE TABLE public.orders (id int);"])
    assert sql_of(history.migrations[0]) == ["ALTER TABLE orders ADD COLUMN note text", "CREATE TABLE carts (id int)"]
    assert blocking(history.migrations[0]) == []


def test_sessions_and_new_objects_work(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        from sqlalchemy import orm
        Base = orm.declarative_base()

        class Order(Base):
            __tablename__ = "orders"
            id = sa.Column(sa.Integer, primary_key=True)
            note = sa.Column(sa.Text)

        session = orm.Session(bind=op.get_bind())
        session.add(Order(note="first"))
        for order in session.query(Order).filter_by(note=None):
            order.note = ""
        session.commit()
        """,
    )
    assert blocking(only) == []
    assert sql_of(only)[0] == "INSERT INTO orders (note) VALUES ('first') RETURNING orders.id"


def test_what_can_only_be_rendered_offline_is_rendered_so(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        if context.is_offline_mode():
            op.execute("ALTER TABLE orders ADD COLUMN note text")
            return
        op.get_bind().execute(sa.text("SELECT id FROM orders")).one()
        """,
    )
    assert sql_of(only) == ["ALTER TABLE orders ADD COLUMN note text"]
    assert blocking(only) == []
    assert remarks(only)[0][1].startswith("needs a database; rendered as `alembic upgrade --sql` would")


# --- what is not installed ---


def test_missing_packages_are_stubbed_and_named(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        from geo_missing.types import Point
        from app_missing import Base, decorated
        import logging_missing

        logger = logging_missing.getLogger(__name__)
        logger.info("adding")

        class Order(Base, metaclass=type):
            pass

        @decorated
        @decorated(retries=3)
        def add(table):
            op.add_column(table, sa.Column("place", Point(srid=4326)))

        add("orders")
        """,
    )
    assert sql_of(only) == ['ALTER TABLE orders ADD COLUMN place "Point"']


def test_types_that_are_not_installed_are_unknown_types(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        from geo_missing.types import Point
        op.add_column("orders", sa.Column("place", Point(srid=4326)))
        op.add_column("orders", sa.Column("home", Point))
        """,
    )
    assert sql_of(only) == [
        'ALTER TABLE orders ADD COLUMN place "Point"',
        'ALTER TABLE orders ADD COLUMN home "Point"',
    ]
    unknown = "the column type geo_missing.types.Point is not installed here: its SQL type is unknown"
    assert remarks(only) == [
        (6, "imports what is not installed here, stubbed: geo_missing"),
        (FIRST_LINE + 1, unknown),
        (FIRST_LINE + 2, unknown),
    ]


def test_names_that_an_installed_package_no_longer_has_are_stubbed(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        from sqlalchemy.dialects.postgresql import OLDTYPE
        from sqlalchemy import old_function
        op.add_column(
            "orders",
            sa.Column("note", OLDTYPE(3), default=old_function(1)),
        )
        """,
    )
    assert sql_of(only) == ['ALTER TABLE orders ADD COLUMN note "OLDTYPE"']
    assert blocking(only) == []


def test_what_is_left_to_a_missing_package_is_blocking(tmp_path: Path) -> None:
    first, second, third = rendered(
        tmp_path,
        """
        from app_missing.migrations import add_audit_columns
        add_audit_columns("orders")
        """,
        """
        from app_missing import TABLE
        op.execute(f"ALTER TABLE {TABLE} ADD COLUMN note text")
        """,
        """
        from app_missing import settings
        if settings.AUDITED:
            op.execute("ALTER TABLE orders ADD COLUMN note text")
        """,
    )
    assert blocking(first) == [
        "calls app_missing.migrations.add_audit_columns, which is not installed here: what it does is not seen"
    ]
    assert blocking(second) == [
        "builds SQL from app_missing.TABLE, which is not installed here: a placeholder stands for it"
    ]
    assert blocking(third) == [
        "depends on app_missing.settings.AUDITED, which is not installed here: what follows may differ"
    ]


def test_values_of_a_missing_package_are_only_remarked(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        from app_missing import settings
        size = settings.getint("batch", fallback=500)
        text = sa.text("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE shop = :shop LIMIT :size)")
        op.get_bind().execute(text, {"size": size, "shop": settings.SHOP})
        """,
    )
    assert sql_of(only) == [
        "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE shop = 'stub_of_app_missing_settings_SHOP' LIMIT 500)"
    ]
    assert blocking(only) == []


def test_code_that_is_ready_for_a_missing_package_finds_it_missing(tmp_path: Path) -> None:
    (only,) = rendered(
        tmp_path,
        """
        try:
            import fast_json_missing as json
        except ImportError:
            import json
        op.execute(f"COMMENT ON TABLE orders IS '{json.dumps([1])}'")
        """,
    )
    assert sql_of(only) == ["COMMENT ON TABLE orders IS '[1]'"]


def test_the_apps_own_modules_are_imported_as_far_as_they_go(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    write_revisions(
        package / "migrations",
        """
        from shop.columns import Money, note
        op.add_column("orders", sa.Column("total", Money()))
        op.add_column("orders", note())
        """,
    )
    (package / "__init__.py").write_text("import web_missing\nraise RuntimeError('needs a configuration')\n")
    (package / "migrations" / "__init__.py").write_text("")
    (package / "columns.py").write_text(
        "import sqlalchemy as sa\nfrom sqlalchemy.types import TypeDecorator\n\n\n"
        "class Money(TypeDecorator):\n    impl = sa.Numeric(12, 2)\n\n\n"
        "def note():\n    return sa.Column('note', sa.Text())\n"
    )
    history = read_project(project_at(package / "migrations"), root=str(package))
    assert sql_of(history.migrations[0]) == [
        "ALTER TABLE orders ADD COLUMN total NUMERIC(12, 2)",
        "ALTER TABLE orders ADD COLUMN note TEXT",
    ]
    assert remarks(history.migrations[0]) == [
        (
            6,
            "imports what is not installed here, stubbed: shop (its import fails: RuntimeError: needs a configuration),"
            " web_missing",
        )
    ]


def test_plugins_that_are_installed_work(tmp_path: Path) -> None:
    write_revisions(
        tmp_path,
        """
        from alembic_postgresql_enum import TableReference
        op.execute("CREATE TYPE mood AS ENUM ('good')")
        op.sync_enum_values(
            enum_schema="public",
            enum_name="mood",
            new_values=["good", "bad"],
            affected_columns=[TableReference(table_schema="public", table_name="orders", column_name="mood")],
            enum_values_to_rename=[],
        )
        """,
        """
        from alembic_utils.pg_view import PGView
        op.create_entity(PGView(schema="public", signature="open_orders", definition="SELECT id FROM orders"))
        """,
    )
    (tmp_path / "env.py").write_text("from alembic import context\nfrom app_missing import models\n")
    values, view = read_project(project_at(tmp_path), root=str(tmp_path)).migrations
    assert (blocking(values), blocking(view)) == ([], [])
    assert "CREATE TYPE \"public\".\"mood\" AS ENUM('good', 'bad')" in sql_of(values)
    assert sql_of(view) == ['CREATE VIEW "public"."open_orders" AS SELECT id FROM orders']


def test_an_operation_that_nobody_registers_is_said(tmp_path: Path) -> None:
    (only,) = rendered(tmp_path, 'op.audit("orders")')
    assert blocking(only) == [
        "cannot be rendered: op.audit is not an operation of Alembic: it comes from a package or module that env.py does"
        " not import; no statement was seen"
    ]


def test_operations_that_env_registers_in_a_module_of_the_app_work(tmp_path: Path) -> None:
    project = write_revisions(tmp_path, 'op.audit("orders")')
    (tmp_path / "env.py").write_text("from alembic import context\nimport audit_operation\n")
    (tmp_path / "audit_operation.py").write_text(
        "from alembic.operations import MigrateOperation, Operations\n\n\n"
        "@Operations.register_operation('audit')\nclass Audit(MigrateOperation):\n"
        "    def __init__(self, table):\n        self.table = table\n\n"
        "    @classmethod\n    def audit(cls, operations, table):\n        return operations.invoke(cls(table))\n\n\n"
        "@Operations.implementation_for(Audit)\ndef audit(operations, operation):\n"
        "    operations.execute(f'ALTER TABLE {operation.table} ADD COLUMN changed_by text')\n"
    )
    assert project.plugins == ()
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = .\n")
    history = read_project(project_at(tmp_path), root=str(tmp_path))
    assert sql_of(history.migrations[0]) == ["ALTER TABLE orders ADD COLUMN changed_by text"]


def test_a_plugin_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    write_revisions(tmp_path, CREATE_ORDERS)
    (tmp_path / "env.py").write_text("from alembic import context\nimport audit\n")
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "audit.py").write_text("assert not 'register_operation'\n")
    (only,) = read_project(project_at(tmp_path), root=".").migrations
    assert remarks(only)[0][1].startswith("imports what is not installed here, stubbed: audit (its import fails:")
    assert blocking(only) == []


# --- code that misbehaves ---


def test_code_that_ends_or_hangs_the_process_blocks_only_its_own_revision(tmp_path: Path) -> None:
    ends, hangs, raises, prints, fine = rendered(
        tmp_path,
        """
        import os
        op.execute("CREATE TABLE orders (id int)")
        os._exit(3)
        """,
        """
        while True:
            pass
        """,
        "raise SystemExit(4)",
        """
        import os, sys
        print("x" * 100_000)
        os.write(1, b"y" * 100_000)
        sys.stderr.write("{}")
        op.execute("ALTER TABLE orders ADD COLUMN note text")
        """,
        'assert sa.inspect(op.get_bind()).has_table("orders")',
        timeout_seconds=10,
    )
    assert blocking(ends) == [
        "cannot be rendered: the process that ran it ended with status 3; 1 statement seen until then"
    ]
    assert sql_of(ends) == ["CREATE TABLE orders (id int)"]
    assert blocking(hangs) == [
        "cannot be rendered: the process that ran it did not end within 10 seconds; no statement was seen"
    ]
    assert blocking(raises) == ["cannot be rendered: SystemExit: 4; no statement was seen"]
    assert (blocking(prints), blocking(fine)) == ([], [])


def test_code_may_not_reach_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret@production/shop")
    outside = tmp_path / "written"
    program, network, writes, environment, temporary = rendered(
        tmp_path,
        'import subprocess; subprocess.run(["true"])',
        'import socket; socket.create_connection(("127.0.0.1", 9))',
        f'open({str(outside)!r}, "w")',
        'import os; assert "DATABASE_URL" not in os.environ; op.execute("SELECT 1")',
        'import tempfile, time; tempfile.TemporaryFile().write(b"x"); time.sleep(1000)',
    )
    assert "it starts a program, which migrasafe does not allow" in blocking(program)[0]
    assert "it opens a network connection, which migrasafe does not allow" in blocking(network)[0]
    assert f"it writes to {outside}, which migrasafe does not allow" in blocking(writes)[0]
    assert not outside.exists()
    assert (blocking(environment), blocking(temporary)) == ([], [])


def test_statements_without_end_are_stopped(tmp_path: Path) -> None:
    (only,) = rendered(tmp_path, 'while True: op.execute("SELECT 1")', timeout_seconds=60)
    assert "it sends more than 20,000 statements" in blocking(only)[0]


def test_nothing_is_left_beside_the_revisions(tmp_path: Path) -> None:
    rendered(tmp_path, CREATE_ORDERS)
    assert sorted(path.name for path in (tmp_path / "versions").iterdir()) == ["1.py"]


# --- projects ---


def test_revisions_in_several_places_are_one_history(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/scripts\nversion_locations = %(here)s/core %(here)s/extra\n"
    )
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "env.py").write_text("from alembic import context\n")
    for place, id, down in (("core", "a", None), ("extra", "b", "a")):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{id}.py").write_text(
            f'from alembic import op\nrevision = "{id}"\ndown_revision = {down!r}\n\n\n'
            f'def upgrade():\n    op.execute("CREATE TABLE {place} (id int)")\n'
        )
    for folder in (tmp_path, tmp_path / "scripts"):
        history = read_project(project_at(folder), root=str(folder))
        assert [migration.id for migration in history.migrations] == ["a", "b"]


def test_pyproject_can_hold_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/db"\n')
    write_revisions(tmp_path / "db", CREATE_ORDERS)
    assert project_at(tmp_path).version_folders == (str(tmp_path / "db" / "versions"),)


def test_a_folder_without_revisions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no Alembic revisions"):
        read_project(project_at(tmp_path), root=str(tmp_path))


def test_a_file_that_is_not_a_revision_is_said(tmp_path: Path) -> None:
    project = write_revisions(tmp_path, CREATE_ORDERS)
    (tmp_path / "versions" / "notes.py").write_text("TABLES = []\n")
    history = read_project(project, root=str(tmp_path))
    assert [notice.message for notice in history.notices] == ["has no `revision`, so Alembic does not run it: left out"]


def test_an_autocommit_block_in_one_big_transaction_is_said(tmp_path: Path) -> None:
    write_revisions(tmp_path, 'with op.get_context().autocommit_block():\n    op.execute("VACUUM")')
    (tmp_path / "env.py").write_text("from alembic import context\n")
    history = read_project(project_at(tmp_path), root=str(tmp_path))
    assert ["transaction_per_migration=True" in notice.message for notice in history.notices] == [True]


def test_the_naming_convention_of_the_app_names_constraints(tmp_path: Path) -> None:
    write_revisions(tmp_path, 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))')
    (tmp_path / "env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import MetaData\n"
        "metadata = MetaData(naming_convention={'pk': 'pk_%(table_name)s'})\n"
        "context.configure(target_metadata=metadata)\n"
    )
    history = read_project(project_at(tmp_path), root=str(tmp_path))
    assert "CONSTRAINT pk_orders PRIMARY KEY (id)" in sql_of(history.migrations[0])[0]


def test_one_file_is_linted_with_the_history_before_it(tmp_path: Path) -> None:
    write_revisions(tmp_path, CREATE_ORDERS, 'op.drop_column("orders", "email")')
    (history,) = read_history([str(tmp_path / "versions" / "2.py")])
    assert [migration.id for migration in history.migrations] == ["2"]


if __name__ == "__main__":
    os.chdir(SHOP)
    Path("rendered.json").write_text(json.dumps(render_shop(), indent=1) + "\n", encoding="utf-8")
