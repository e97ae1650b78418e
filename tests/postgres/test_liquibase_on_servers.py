"""Every change of a changelog that is read is SQL that a server takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres.servers import Database
from tests.test_liquibase import EVERY_CHANGE, project, sent


@pytest.mark.majors(12, 18)
def test_every_change_runs(each_major: int, database: Database, tmp_path: Path) -> None:
    for _, statement in sent(project(tmp_path, EVERY_CHANGE)):
        database.execute(statement)
    assert database.execute("SELECT count(*) FROM customers") == [(1,)]
