"""What the planner plans, a rehearsal proves: every change of the plan tests, on every major version."""

from __future__ import annotations

import pytest

from tests.postgres.rehearse.proofs import PROOFS
from tests.postgres.rehearse.rehearsals import planned, rehearsed, told
from tests.postgres.servers import Database

IN_EVERY_RUN = (
    "plans under traffic: rename a column, view",
    "plans under traffic: a foreign key",
    "plans under traffic: not null, filled in",
    "replaced columns: a price is in cents",
    "replaced constraints: a unique constraint over another column",
    "bad rows: rejected",
)


def proved(database: Database, name: str, rows: int) -> None:
    proof = PROOFS[name]
    plan = planned(database, proof.setup, proof.migration, proof.hints, quiet_seconds=proof.quiet_seconds)
    evidence = rehearsed(database, proof.setup, plan, rows=rows)
    if plan.moved is not None:  # which two_databases.py carries out, on two servers
        assert not evidence.holds and "two databases" in evidence.failures[0].message
        return
    assert told(evidence) == []


@pytest.mark.parametrize("name", IN_EVERY_RUN)
def test_it_is_proved(database: Database, name: str) -> None:
    proved(database, name, rows=50)


@pytest.mark.soak
@pytest.mark.parametrize("name", PROOFS)
def test_every_one_is_proved(each_major: int, database: Database, name: str) -> None:
    proved(database, name, rows=200)
