"""A type gets another name, and what the same migration makes says the old one or the new one: the plan can be carried out to its
end and back, or says in a sentence why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.plan.changes.model import NoPlanError
from tests.postgres.plans.rollout import dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE DOMAIN zip AS text CHECK (VALUE <> '');
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE users (id serial PRIMARY KEY, zip zip, mood mood);
INSERT INTO users (zip, mood) VALUES ('a', 'ok');
CREATE POLICY everybody ON users USING (zip <> 'x'::zip);
"""
DOMAIN = "ALTER DOMAIN zip RENAME TO postcode;"
ENUM = "ALTER TYPE mood RENAME TO feeling;"
FOLLOWED = {
    "a default, before": "ALTER TABLE users ALTER zip SET DEFAULT 'y'::zip;" + DOMAIN,
    "a default, behind": DOMAIN + "ALTER TABLE users ALTER zip SET DEFAULT 'y'::postcode",
    "a check, behind": DOMAIN + "ALTER TABLE users ADD CONSTRAINT c CHECK (zip <> 'y'::postcode)",
    "a policy, before": "CREATE POLICY p ON users USING (zip = 'y'::zip);" + DOMAIN,
    "a function, behind": DOMAIN
    + "CREATE FUNCTION f(z postcode) RETURNS text LANGUAGE sql AS 'SELECT z::postcode::text'",
    "an index, before": "CREATE INDEX mine ON users (id) WHERE zip = 'y'::zip;" + DOMAIN,
    "an enum in a default, before": "ALTER TABLE users ALTER mood SET DEFAULT 'sad'::mood;" + ENUM,
    "an enum in a check, behind": ENUM + "ALTER TABLE users ADD CONSTRAINT c CHECK (mood <> 'sad'::feeling)",
    "an enum in a function, before": "CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text';" + ENUM,
}
BY_DOMAIN = "lets a domain stand for public.zip until the old version is gone"
BY_NEITHER = "gives the name public.feeling when the old version is gone"
REFUSED = {
    "a check, before": ("ALTER TABLE users ADD CONSTRAINT c CHECK (zip <> 'y'::zip);" + DOMAIN, BY_DOMAIN),
    "a function, before": ("CREATE FUNCTION f(z zip) RETURNS text LANGUAGE sql AS 'SELECT 1';" + DOMAIN, BY_DOMAIN),
    "rows, before": ("UPDATE users SET zip = 'y'::zip;" + DOMAIN, BY_DOMAIN),
    "a changed policy": (DOMAIN + "ALTER POLICY everybody ON users USING (zip <> 'y'::postcode)", BY_DOMAIN),
    "an enum in a default, behind": (ENUM + "ALTER TABLE users ALTER mood SET DEFAULT 'sad'::feeling", BY_NEITHER),
    "an enum in a policy, behind": (ENUM + "CREATE POLICY p ON users USING (mood = 'sad'::feeling)", BY_NEITHER),
    "an enum in a body, behind": (
        ENUM + "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'sad'::feeling::text $$",
        BY_NEITHER,
    ),
    "a column of an enum, behind": (ENUM + "ALTER TABLE users ADD more feeling", BY_NEITHER),
    "a table of an enum, behind": (ENUM + "CREATE TABLE more (mood feeling[])", BY_NEITHER),
    "rows with an enum, behind": (ENUM + "UPDATE users SET mood = 'sad'::feeling", BY_NEITHER),
}


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", FOLLOWED)
def test_what_says_the_name_follows_there_and_back(
    each_major: int, database: Database, tmp_path: Path, name: str
) -> None:
    database.execute(SETUP)
    run = roll_out(database, FOLLOWED[name], tmp_path)
    before: list[str] = []
    for phase in run.plan.phases:
        ahead, back, for_good = run.files(phase)
        for file in (*ahead, *back, *before, *ahead, *for_good):
            run.check(file)
        before = ahead
    assert dump(database.dsn) == one_shot(database, SETUP, FOLLOWED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_say_a_name_too_early_or_too_late_is_refused(database: Database, tmp_path: Path, name: str) -> None:
    migration, why = REFUSED[name]
    database.execute(SETUP)
    with pytest.raises(NoPlanError, match=f"{why}, and .* plan them one after the other, from two migrations"):
        roll_out(database, migration, tmp_path)
