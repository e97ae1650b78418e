"""Statements whose harm no server can be asked about in a test, or only one that is set up for it."""

from __future__ import annotations

import pytest

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

GIVEN = """
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE INDEX orders_note ON orders (note);
CREATE ROLE app;
CREATE TYPE address AS (street text, city text);
"""


def found(sql: str, *, in_transaction: bool = True) -> list[str]:
    mode = TransactionMode.ONE if in_transaction else TransactionMode.NONE
    migrations = [
        Migration(
            id=path,
            path=path,
            parts=(Part(script=read_script(Source(path=path, text=text)), wrapped=mode),),
        )
        for path, text in (("given.sql", GIVEN), ("migration.sql", sql))
    ]
    options = LintOptions(reported=lambda one: one is migrations[1])
    result = lint([History(layout="plain", root=".", migrations=tuple(migrations))], RULES, options)
    return [one.rule for one in result.findings]


def test_a_prepared_transaction_that_nobody_commits_is_left_open():
    prepared = "BEGIN; UPDATE orders SET note = '' WHERE id = 1; PREPARE TRANSACTION 'one';"
    assert "transaction-left-open" in found(prepared, in_transaction=False)
    assert "transaction-left-open" not in found(f"{prepared} COMMIT PREPARED 'one';", in_transaction=False)


def test_an_attribute_goes_from_every_value_that_is_stored():
    assert found("ALTER TYPE address DROP ATTRIBUTE street;") == ["drop-column-in-use"]
    assert found("CREATE TYPE shop AS (city text, note text); ALTER TYPE shop DROP ATTRIBUTE note;") == []


def test_an_app_cannot_connect_as_a_role_that_is_gone():
    assert "revoke-in-use" in found("DROP ROLE app;")


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("CREATE INDEX CONCURRENTLY again ON orders (note);", ["duplicate-index"]),
        ("CREATE INDEX CONCURRENTLY again ON orders (note DESC);", []),
        ("CREATE INDEX CONCURRENTLY again ON orders (note text_pattern_ops);", []),
        ("CREATE INDEX CONCURRENTLY again ON orders (note) WHERE id > 5;", []),
        ("CREATE INDEX CONCURRENTLY again ON orders USING hash (note);", []),
        ("CREATE INDEX CONCURRENTLY again ON orders (note); DROP INDEX CONCURRENTLY orders_note;", []),
        ("CREATE UNIQUE INDEX CONCURRENTLY again ON orders (note);", ["duplicate-index"]),
    ],
)
def test_an_index_is_a_duplicate_of_one_that_stays_and_serves_the_same_queries(sql, rules):
    assert [one for one in found(sql, in_transaction=False) if one == "duplicate-index"] == rules


@pytest.mark.parametrize(
    ("check", "unsteady"),
    [
        ("note = current_user", True),
        ("note <> now()::text", True),
        ("id < random()", True),
        ("id < extract(epoch FROM now())", False),
        ("extract(epoch FROM now()) - 60 >= id", False),
        ("NOT (id < extract(epoch FROM now()))", True),
        ("id > extract(epoch FROM now())", True),
        ("id > 0 AND id < extract(epoch FROM clock_timestamp())", False),
        ("note <> ''", False),
    ],
)
def test_a_check_is_unsteady_if_it_can_turn_false(check, unsteady):
    rules = found(f"ALTER TABLE orders ADD CONSTRAINT one CHECK ({check}) NOT VALID;")
    assert ("check-changes-its-mind" in rules) is unsteady
