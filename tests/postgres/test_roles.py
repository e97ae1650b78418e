"""What docs/security.md says that the role of each command needs is enough, and what it lacks is said in a sentence."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migrasafe.postgres.server.binaries import find_binaries
from tests.in_process import Ran, migrasafe
from tests.postgres.servers import Database

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
pytestmark = [pytest.mark.postgres, pytest.mark.majors(12, 15, 18)]


@pytest.fixture
def roles(each_major: int, database: Database) -> Iterator[dict[str, str]]:
    """The DSNs of the roles of the page, by its names; no others have rights, and a new role none but theirs."""
    database.execute("CREATE TABLE orders (id bigint PRIMARY KEY, total int, total_cents bigint, note text)")
    database.execute("INSERT INTO orders SELECT i, i, NULL, 'x' FROM generate_series(1, 500) AS i")
    (sql,) = re.findall(r"test_roles\.py -->\n\n```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    end = uuid.uuid4().hex[:8]
    names = sorted(set(re.findall(r"ROLE (migrasafe_\w+)", sql)))
    shop = conninfo_to_dict(database.dsn)["dbname"]
    database.execute(re.sub(r"\b(migrasafe_\w+)", rf"\1_{end}", sql).replace("DATABASE shop", f'DATABASE "{shop}"'))
    try:
        yield {name: make_conninfo(database.dsn, user=f"{name}_{end}") for name in names}
    finally:
        for name in names:
            database.execute(f"DROP OWNED BY {name}_{end} CASCADE; DROP ROLE {name}_{end}")


def newest_pg_dump() -> int:
    return max((one.major for one in find_binaries() if (one.folder / "pg_dump").exists()), default=0)


def run(folder: Path, *arguments: str, status: int = 0) -> Ran:
    ran = migrasafe(folder, *arguments)
    assert ran.returncode == status, f"{arguments}: {ran.stdout[-500:]} {ran.stderr}"
    return ran


def test_each_command_works_with_what_the_page_grants(
    each_major: int, roles: dict[str, str], database: Database, tmp_path: Path
) -> None:
    reader, gate, fill = roles["migrasafe_reader"], roles["migrasafe_gate"], roles["migrasafe_backfill"]
    (tmp_path / "1.sql").write_text("ALTER TABLE orders DROP COLUMN note;\n")
    (tmp_path / "app.sql").write_text("SELECT note FROM orders;\n")
    assert "drop-column-in-use" in run(tmp_path, "lint", "1.sql", "--schema", reader, status=1).stdout
    run(tmp_path, "compat", "1.sql", "--old", "app.sql", "--new", "app.sql", "--schema", reader, status=1)
    run(tmp_path, "plan", "not-null", "orders.note", "--schema", reader, "--out", "plan")

    schema, scratch = roles["migrasafe_rehearse"], database.dsn
    refused = run(tmp_path, "rehearse", "plan", "--schema", "1.sql", "--dsn", schema, status=2).stderr
    assert "permission denied to create database" in refused
    if newest_pg_dump() < each_major:
        refused = run(tmp_path, "rehearse", "plan", "--schema", schema, "--dsn", scratch, status=2).stderr
        assert "no pg_dump that reads" in refused
    else:
        run(tmp_path, "rehearse", "plan", "--schema", schema, "--dsn", scratch, "--rows", "9")
        refused = run(tmp_path, "rehearse", "plan", "--schema", reader, "--dsn", scratch, status=2).stderr
        assert "permission denied for table orders" in refused
        assert refused.endswith("docs/security.md lists what the role of each command needs\n")

    refused = run(tmp_path, "gate", "plan", "switch", "--dsn", reader, status=2).stderr
    assert refused.startswith("migrasafe: the server refuses: permission denied for ")
    assert refused.endswith("docs/security.md lists what the role of each command needs\n")
    run(tmp_path, "gate", "plan", "switch", "--dsn", gate)

    job = ("--table", "orders", "--set", "total_cents = total * 100", "--where", "total_cents IS NULL")
    run(tmp_path, "backfill", "init", "--dsn", database.dsn, "--grant", conninfo_to_dict(fill)["user"])
    run(tmp_path, "backfill", "run", "--dsn", fill, *job)
    for command in ("status", "verify", "assert-done"):
        run(tmp_path, "backfill", command, "orders.total_cents", "--dsn", fill)
    assert database.execute("SELECT count(*) FROM orders WHERE total_cents = total * 100") == [(500,)]
