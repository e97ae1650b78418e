"""Which rows a WHERE leaves in: a range of a key is as long as its ends say."""

from __future__ import annotations

import pytest

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

GIVEN = "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"


def is_bulk(where: str) -> bool:
    migrations = [
        Migration(id=path, path=path, parts=(Part(script=read_script(Source(path=path, text=text)), wrapped=mode),))
        for path, text, mode in (
            ("1.sql", GIVEN, TransactionMode.NONE),
            ("2.sql", f"UPDATE orders SET state = 'old' WHERE {where};", TransactionMode.ONE),
        )
    ]
    history = History(layout="plain", root=".", migrations=tuple(migrations))
    found = lint([history], RULES, LintOptions(reported=lambda one: one is migrations[1])).findings
    return "bulk-change-in-one-transaction" in [one.rule for one in found]


@pytest.mark.parametrize(
    ("where", "bulk"),
    [
        ("id BETWEEN 1 AND 5000", False),
        ("id >= 1 AND id < 5000 AND state IS NULL", False),
        ("orders.id > 10 AND orders.id <= 20", False),
        ("id BETWEEN 1 AND 5000000", True),
        ("id >= 1", True),
        ("id > 1 OR id < 5", True),
        ("NOT id BETWEEN 1 AND 5000", True),
        ("user_id BETWEEN 1 AND 5000", True),
        ("id BETWEEN user_id AND 5000", True),
    ],
)
def test_a_short_range_of_a_key_is_a_few_rows(where, bulk):
    assert is_bulk(where) is bulk
