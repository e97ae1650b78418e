"""A key that PostgreSQL makes up itself is met by no row that leaves it out."""

from __future__ import annotations

import pytest

from tests.unit.app.small_releases import app, judge

SCHEMA = "CREATE SEQUENCE numbers; CREATE TABLE notes (id int, key text DEFAULT {});"
UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY ON notes (key)"
LEFT_OUT, GIVEN = "INSERT INTO notes (id) VALUES (1)", "INSERT INTO notes (key) VALUES ($1)"
CALLS = ("nextval('numbers')", "gen_random_uuid()", "uuid_generate_v4()", "uuid_generate_v1()", "uuidv4()", "uuidv7()")


def deploys(default: str, insert: str) -> str:
    (one,) = judge(UNIQUE, app(insert), app("SELECT 1 FROM notes"), SCHEMA.format(default)).migrations
    return one.deploy.value


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("default", ["{}", "{}::text", "'note-' || {}"])
def test_what_is_made_up_meets_no_other_row(call: str, default: str) -> None:
    assert deploys(default.format(call), LEFT_OUT) == "either"
    assert deploys(default.format(call), GIVEN) == "after"


@pytest.mark.parametrize("default", ["'x'", "now()", "currval('numbers')"])
def test_what_is_the_same_for_two_rows_meets_the_other(default: str) -> None:
    assert deploys(default, LEFT_OUT) == "after"
