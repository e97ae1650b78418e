"""What is read of Rails migrations is SQL that a server takes."""

from __future__ import annotations

import pytest

from migrasafe.migrations.read import read_history
from tests.postgres.servers import Database
from tests.test_rails import REFERENCE, sent


@pytest.mark.majors(15)
def test_every_operation_runs(each_major: int, database: Database) -> None:
    (history,) = read_history([str(REFERENCE)])
    with database.connect() as session:
        for statement in sent(history):
            if "EXTENSION" not in statement:  # not every server has contrib modules
                session.execute(statement.replace("citext", "text").encode())
    assert database.execute("SELECT a FROM users") == []
