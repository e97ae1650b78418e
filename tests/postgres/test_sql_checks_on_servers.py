"""Checks of a team's own in SQL, as a real server answers them: go, wait, a number, or no answer at all."""

from __future__ import annotations

import pytest

from migrasafe.backfill.throttle.ask_checks import ask_check
from migrasafe.backfill.throttle.checks import Check, CheckKind, CheckSeen
from migrasafe.errors import ServerError
from tests.postgres.servers import Database

WITHIN = {"highest": 5.0}


def ask(database: Database, query: str, **changes: float) -> CheckSeen:
    usual = {"name": "queue", "kind": CheckKind.SQL, "every_seconds": 1, "timeout_seconds": 5, "query": query}
    with database.connect() as connection:
        return ask_check(Check(**(usual | changes)), connection)  # type: ignore[arg-type]  # each test gives what its field takes


@pytest.mark.parametrize(
    ("query", "limits", "seen"),
    [
        ("SELECT true", {}, CheckSeen(goes=True)),
        ("SELECT false, 'deploy', NULL, 7", {}, CheckSeen(goes=False, words="deploy 7")),
        ("SELECT 3", WITHIN, CheckSeen(value=3.0)),
        ("SELECT 3", {"lowest": 1.0}, CheckSeen(value=3.0)),
        ("SELECT 0, 'mail', 'sms'", WITHIN, CheckSeen(value=0.0, words="mail sms")),
        ("SELECT 2.5::numeric UNION ALL SELECT 9", WITHIN, CheckSeen(value=2.5)),
        ("SELECT '4.5'", WITHIN, CheckSeen(value=4.5)),
    ],
)
def test_the_first_row_is_the_answer(database: Database, query: str, limits: dict[str, float], seen: CheckSeen) -> None:
    assert ask(database, query, **limits) == seen


@pytest.mark.parametrize(
    ("query", "limits", "why"),
    [
        ("SELECT 1 WHERE false", WITHIN, "its query has no result"),
        ("SELECT NULL, 'words'", WITHIN, "its query has no result"),
        ("SET LOCAL work_mem = '1MB'", WITHIN, "its query has no result"),
        ("SELECT 'soon'", WITHIN, "its query says 'soon': it must be true, false or a number"),
        ("SELECT ARRAY[1]", WITHIN, "its query says [1]: it must be true, false or a number"),
        ("SELECT 3", {}, "its query says a number, and the check has neither max nor min"),
        ("CREATE TABLE t ()", {}, "its query fails: cannot execute CREATE TABLE in a read-only transaction"),
        (
            "SELECT pg_sleep(9)",
            {"timeout_seconds": 0.1},
            "its query fails: canceling statement due to statement timeout",
        ),
    ],
)
def test_what_cannot_be_judged_is_no_answer(database: Database, query: str, limits: dict[str, float], why: str) -> None:
    with pytest.raises(ServerError) as refused:
        ask(database, query, **limits)
    assert str(refused.value) == why
