"""What lint says about lock_timeout: whether it is in force, and why not."""

from __future__ import annotations

import pytest

from migrasafe.migrations.model import TransactionMode
from tests.unit.test_lint import linted, migration

ADD = "ALTER TABLE orders ADD COLUMN a int;"
ONE, NONE = TransactionMode.ONE, TransactionMode.NONE


def said(sql: str, mode: TransactionMode = ONE) -> list[str]:
    """The reasons of missing-lock-timeout."""
    findings = linted(migration(sql, mode)).findings
    return [one.message.rpartition(": ")[2] for one in findings if one.rule == "missing-lock-timeout"]


def rules(sql: str, mode: TransactionMode = ONE) -> list[str]:
    return [one.rule for one in linted(migration(sql, mode)).findings]


@pytest.mark.parametrize(
    ("sql", "mode", "reason"),
    [
        (ADD, ONE, "lock_timeout is not set."),
        (f"SET lock_timeout = 0; {ADD}", ONE, "line 1 sets lock_timeout to 0, which is no limit."),
        (f"SET lock_timeout = '2s';\nSET lock_timeout TO DEFAULT;\n{ADD}", ONE, "line 2 resets lock_timeout."),
        (f"SET lock_timeout = '2s';\nRESET lock_timeout;\n{ADD}", ONE, "line 2 resets lock_timeout."),
        (f"SET lock_timeout = '2s';\nRESET ALL;\n{ADD}", ONE, "line 2 resets lock_timeout."),
        (f"{ADD}\nSET lock_timeout = '2s';", ONE, "lock_timeout is set too late, in line 2."),
        (
            f"SET LOCAL lock_timeout = '2s';\n{ADD}",
            NONE,
            "the SET LOCAL lock_timeout of line 1 holds in a transaction only, and there is none here.",
        ),
        (
            f"BEGIN; SET LOCAL lock_timeout = '2s'; COMMIT;\nBEGIN; {ADD} COMMIT;",
            NONE,
            "the SET LOCAL lock_timeout of line 1 stands outside this transaction.",
        ),
        (f"BEGIN; SET lock_timeout = '2s'; ROLLBACK; {ADD}", NONE, "the SET lock_timeout of line 1 was rolled back."),
    ],
)
def test_why_there_is_no_lock_timeout_is_said(sql: str, mode: TransactionMode, reason: str) -> None:
    [found] = said(sql, mode)
    assert found.endswith(reason)


@pytest.mark.parametrize(
    "before",
    [
        "SET lock_timeout = '2s';",
        "SET lock_timeout TO 2000;",
        "SET LOCAL lock_timeout = '500ms';",
        "SELECT set_config('lock_timeout', '2s', false);",
        "SELECT pg_catalog.set_config('lock_timeout', '2s', true);",
        "DO $$ BEGIN SET LOCAL lock_timeout = '2s'; END $$;",
        "DO $$ BEGIN EXECUTE 'SET lock_timeout = ''2s'''; END $$;",
    ],
)
def test_every_way_to_set_it_counts(before: str) -> None:
    assert said(f"{before} {ADD}") == []


def test_a_lock_that_a_savepoint_gave_back_is_not_held() -> None:
    sql = f"SAVEPOINT s; {ADD} ROLLBACK TO s; UPDATE users SET a = 1;"
    assert "work-while-lock-is-held" not in rules(sql)
    assert "work-while-lock-is-held" in rules(sql.replace("ROLLBACK TO s", "RELEASE s"))


def test_concurrently_needs_no_lock_timeout() -> None:
    build = "CREATE INDEX CONCURRENTLY i ON orders (a);"
    assert rules(build, NONE) == []
    assert rules(f"SET lock_timeout = '2s'; {build}", NONE) == ["concurrently-under-timeout"]
    assert rules(f"SET lock_timeout = '2s'; RESET lock_timeout; {build}", NONE) == []
    assert rules(f"SET statement_timeout = '2h'; {build}", NONE) == []


def test_two_tables_in_one_transaction_are_advice_where_the_wait_is_bounded() -> None:
    sql = f"{ADD} ALTER TABLE users ADD COLUMN a int; ALTER TABLE items ADD COLUMN a int;"
    assert rules(sql) == ["missing-lock-timeout", "locks-on-several-tables"]
    [found] = linted(migration(f"SET lock_timeout = '2s'; {sql}")).findings
    assert (found.rule, found.severity.value) == ("locks-on-several-tables", "info")
    assert rules(f"SET lock_timeout = '2s'; {sql}", NONE) == []
