"""What we say about proofs of NOT NULL, against what each server does."""

from __future__ import annotations

from functools import partial

import pytest
from psycopg.errors import Diagnostic

from migrasafe.sql.expressions import proves_not_null
from tests.postgres.servers import Database
from tests.unit.sql.test_expressions import PROOFS, expression


@pytest.mark.postgres
def test_set_not_null_skips_its_scan_exactly_where_a_check_proves_it(each_major: int, database: Database) -> None:
    for check in PROOFS:
        notices: list[str | None] = []
        with database.connect() as session:
            session.add_notice_handler(partial(_keep, notices))
            session.execute("SET client_min_messages = debug1")
            session.execute("DROP TABLE IF EXISTS orders")
            session.execute(f"CREATE TABLE orders (a int, b int, CHECK ({check}))".encode())
            session.execute("ALTER TABLE orders ALTER COLUMN a SET NOT NULL")
        skipped = any(notice and "sufficient to prove" in notice for notice in notices)
        assert proves_not_null(expression(check), "a") is skipped, check


def _keep(notices: list[str | None], notice: Diagnostic) -> None:
    notices.append(notice.message_primary)
