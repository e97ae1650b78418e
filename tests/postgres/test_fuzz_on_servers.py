"""A little of what `python -m tools.fuzz server` and `traced` do."""

from __future__ import annotations

import pytest

from migrasafe.postgres.server.running import RunningServer
from tests.postgres.servers import Database
from tools.fuzz.campaign import Findings
from tools.fuzz.on_server import fuzz_on_server
from tools.fuzz.traced import fuzz_traced


@pytest.mark.majors(15)
def test_the_catalog_of_a_server_is_what_evolve_says_after_generated_statements(database: Database) -> None:
    findings = Findings(None)
    *_, (counts, compared) = fuzz_on_server(database.connect(), 2, 200, findings)
    assert findings.classes == {}
    assert counts.statements >= 200
    assert compared >= 50
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.majors(15)
def test_generated_migrations_lock_and_work_as_predicted(server: RunningServer) -> None:
    findings = Findings(None)
    *_, (counts, compared) = fuzz_traced(server, 1, 60, findings)
    assert findings.classes == {}
    assert counts.statements >= 60
    assert compared >= 30
