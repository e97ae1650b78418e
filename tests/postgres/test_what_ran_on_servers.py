"""What a real server writes down about the statements that it ran is read back, from its logs and from its statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.app.model import App, Origin
from migrasafe.app.read_app import read_app
from migrasafe.cli.inputs.app_version import read_app_version
from migrasafe.errors import InputError
from migrasafe.postgres.connect import connect, run
from migrasafe.postgres.figures.statistics import read_statistics
from migrasafe.postgres.server.find import available_servers
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.clusters import eventually
from tests.postgres.servers import Database

pytestmark = pytest.mark.postgres

RAN = (
    "CREATE TABLE orders (id int PRIMARY KEY, note text, total numeric)",
    "INSERT INTO orders (id, note) VALUES (1, 'it''s; \"new\"')",
    "SELECT o.note,\n       o.total\nFROM orders o\nWHERE o.id = 1",
    "UPDATE orders SET total = 5 WHERE note LIKE '%new%'",
)
EXPECTED = [
    "INSERT INTO orders (id, note) VALUES (1, 'it''s; \"new\"')",
    "SELECT o.note, o.total FROM orders o WHERE o.id = 1",
    "UPDATE orders SET total = 5 WHERE note LIKE '%new%'",
]


def newest_local_server() -> LocalServer:
    return [server for server in available_servers().values() if isinstance(server, LocalServer)][-1]


def about_orders(app: App, origin: Origin) -> list[str]:
    return [" ".join(q.sql.split()) for q in app.queries if q.origin is origin and "orders" in q.sql]


def test_each_kind_of_log_gives_the_statements_that_were_sent(tmp_path: Path) -> None:
    settings = {
        "logging_collector": "on",
        "log_destination": "stderr,csvlog,jsonlog",
        "log_statement": "all",
        "log_directory": "log",
        "log_filename": "server.log",
    }
    server = newest_local_server()
    running = LocalServer(binaries=server.binaries, settings=settings).start()
    try:
        with connect(running.dsn) as session:
            for sql in RAN:
                session.execute(sql)
            session.execute("SELECT note FROM orders WHERE id = %s", (1,))
            session.execute("SELECT 'that was all'")
            logs: dict[str, str] = {}

            def written(suffix: str) -> bool:
                """Whether the process that writes logs, which is another one, has come so far."""
                name = f"log/server.{suffix}"
                ((logs[suffix],),) = run(session, "SELECT coalesce(pg_read_file(%s, 0, 100000000, true), '')", name)
                return "that was all" in logs[suffix]

            for suffix in ("log", "csv", "json"):
                eventually(lambda suffix=suffix: written(suffix), f"the {suffix} is written")
    finally:
        running.stop()
    for suffix, text in logs.items():
        file = tmp_path / f"server.{suffix}"
        file.write_text(text, encoding="utf-8")
        app = read_app(str(file))
        sent = about_orders(app, Origin.LOG)
        assert sent[:3] == EXPECTED, suffix
        assert sent[3] == "SELECT note FROM orders WHERE id = $1"
        select = app.queries[[" ".join(query.sql.split()) for query in app.queries].index(EXPECTED[1])]
        place = select.position(select.sql.index("FROM orders"))
        assert text.split("\n")[place.line - 1][place.column - 1 :].startswith("FROM orders")


def test_statistics_are_read_from_the_server_and_from_exports_of_them(tmp_path: Path) -> None:
    for server in available_servers().values():
        found = (
            list(server.binaries.root.rglob("pg_stat_statements.control")) if isinstance(server, LocalServer) else []
        )
        if found or (isinstance(server, LocalServer) and Path(f"/usr/share/postgresql/{server.major}").is_dir()):
            assert isinstance(server, LocalServer)
            break
    settings = {"shared_preload_libraries": "pg_stat_statements"}
    running = LocalServer(binaries=server.binaries, settings=settings).start()
    try:
        with connect(running.dsn) as session:
            with pytest.raises(InputError, match="has no pg_stat_statements"):
                read_statistics(session, running.dsn)
            session.execute("CREATE EXTENSION pg_stat_statements")
            for sql in (*RAN, RAN[2], RAN[2]):
                session.execute(sql)
            app = read_app_version(running.dsn, ())
            with (
                session.cursor() as cursor,
                cursor.copy("COPY (SELECT * FROM pg_stat_statements) TO STDOUT CSV HEADER") as out,
            ):
                csv = b"".join(bytes(block) for block in out).decode()
            (json,) = session.execute("SELECT json_agg(s) FROM pg_stat_statements s").fetchone() or ("",)
            (text,) = session.execute("SELECT json_agg(s)::text FROM pg_stat_statements s").fetchone() or ("",)
    finally:
        running.stop()
    assert json
    (tmp_path / "statements.csv").write_text(csv, encoding="utf-8")
    (tmp_path / "statements.json").write_text(text, encoding="utf-8")
    for read in (app, read_app(str(tmp_path / "statements.csv")), read_app(str(tmp_path / "statements.json"))):
        sent = about_orders(read, Origin.STATISTICS)
        assert "SELECT o.note, o.total FROM orders o WHERE o.id = $1" in sent
        assert "INSERT INTO orders (id, note) VALUES ($1, $2)" in sent
        assert [query.name for query in read.queries if "o.total" in query.sql] == ["ran 3 times"]
        assert not read.unread


def test_a_database_without_statistics_is_refused_in_one_sentence(database: Database) -> None:
    with database.connect() as session, pytest.raises(InputError, match="add it to shared_preload_libraries"):
        read_statistics(session, database.dsn)
