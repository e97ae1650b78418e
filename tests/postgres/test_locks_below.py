"""What statements lock and look at in partitions, inheritance children and the tables that foreign keys join: as predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.migrations.one_text import read_text
from migrasafe.rehearse.migration.run import State
from migrasafe.rehearse.migration.trace import replay
from migrasafe.sql.source import Source
from migrasafe.target import OLDEST
from tests.postgres.servers import Database
from tests.postgres.test_evolve_against_server import since
from tools.fuzz.traced import migrations_in

pytestmark = [pytest.mark.postgres, pytest.mark.majors(12, 15, 18)]
SCRIPTS = sorted((Path(__file__).parent / "replay_scripts").glob("*.sql"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_statement_locks_and_works_as_predicted(path: Path, each_major: int, database: Database) -> None:
    if since(path) > each_major:
        assert since(path) > OLDEST  # syntax that this server does not have
        return
    texts = migrations_in(path.read_text(encoding="utf-8"))
    migrations = [read_text(Source(path=path.name, text=text)) for text in texts]
    replayed = list(replay(migrations, database.dsn, each_major))
    judged = [judged for migration in replayed for judged in migration.statements]
    assert [(one.outcome.expected.sql, one.disagreements) for one in judged if one.disagreements] == []
    assert [one.outcome.expected.sql for one in judged if one.outcome.state is not State.RAN] == []
