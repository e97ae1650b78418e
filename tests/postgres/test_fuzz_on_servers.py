"""A little of what `python -m tools.fuzz server` does."""

from __future__ import annotations

import pytest

from tests.postgres.servers import Database
from tools.fuzz.campaign import Findings
from tools.fuzz.on_server import fuzz_on_server


@pytest.mark.majors(15)
def test_the_catalog_of_a_server_is_what_evolve_says_after_generated_statements(database: Database) -> None:
    findings = Findings(None)
    *_, (counts, compared) = fuzz_on_server(database.connect(), 2, 200, findings)
    assert findings.classes == {}
    assert counts.statements >= 200
    assert compared >= 50
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
