"""When a unique index may come: before the new version only where it refuses nothing that the old one writes."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SCHEMA = schema_from_script(
    read_script(
        Source(
            path="",
            text="""
CREATE TABLE users (id int PRIMARY KEY, shop int NOT NULL, nick text, mail text, late text, during int4range);
CREATE UNIQUE INDEX users_mail ON users (mail);
CREATE UNIQUE INDEX users_some ON users (nick) WHERE late IS NULL;
ALTER TABLE users ADD CONSTRAINT users_late UNIQUE (late) DEFERRABLE;
CREATE MATERIALIZED VIEW totals AS SELECT shop, count(*) FROM users GROUP BY shop;
""",
        )
    )
)


def planned(migration: str) -> Draft:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=18, pg_version_assumed=False), id="u1")
    return draft_of(read_changes(read_script(Source(path="m.sql", text=migration)), SCHEMA, Hints()), ground)


@pytest.mark.parametrize(
    "migration",
    [
        "CREATE UNIQUE INDEX one ON users (id, nick)",
        "CREATE UNIQUE INDEX one ON users (shop, mail) WHERE shop > 1",
        "ALTER TABLE users ADD UNIQUE (shop, id)",
        "ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (nick, id)",
        "ALTER TABLE users ADD COLUMN phone text; CREATE UNIQUE INDEX one ON users (phone)",
        "ALTER TABLE users ADD COLUMN phone text; ALTER TABLE users ADD UNIQUE (phone, nick)",
        "CREATE UNIQUE INDEX one ON totals (shop)",
    ],
)
def test_it_comes_first_where_it_refuses_nothing(migration: str) -> None:
    assert {phase.name for phase in planned(migration).phases} == {PhaseName.EXPAND}


@pytest.mark.parametrize(
    ("migration", "asked"),
    [
        ("CREATE UNIQUE INDEX one ON users (nick)", "WHERE nick IS NOT NULL GROUP BY nick "),
        (
            "CREATE UNIQUE INDEX one ON users (nick, shop)",
            "WHERE nick IS NOT NULL AND shop IS NOT NULL GROUP BY nick, shop ",
        ),
        ("CREATE UNIQUE INDEX one ON users (late, shop)", "GROUP BY late, shop "),
        ("CREATE UNIQUE INDEX one ON users (lower(mail)) WHERE shop > 1", "(shop > 1) GROUP BY (lower(mail)) "),
        ('CREATE UNIQUE INDEX one ON users (nick COLLATE "C", mail COLLATE "C")', "GROUP BY nick, mail "),
        ("ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (mail, nick)", "FROM public.users GROUP BY mail, nick "),
        (
            "ALTER TABLE users ADD COLUMN phone text; ALTER TABLE users ADD UNIQUE NULLS NOT DISTINCT (phone)",
            "FROM public.users GROUP BY phone ",
        ),
    ],
)
def test_it_comes_last_where_the_old_version_can_break_it(migration: str, asked: str) -> None:
    last = planned(migration).phases[-1]
    assert last.name is PhaseName.CONTRACT
    assert any(gate.id == "no-duplicates" and gate.query is not None and asked in gate.query for gate in last.gates)


@pytest.mark.parametrize(
    ("migration", "built"),
    [
        (
            "ALTER TABLE users ADD CONSTRAINT one UNIQUE NULLS NOT DISTINCT (nick) INCLUDE (shop, mail)",
            "CREATE UNIQUE INDEX CONCURRENTLY one ON public.users (nick) INCLUDE (shop, mail) NULLS NOT DISTINCT",
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_late, ADD CONSTRAINT users_late UNIQUE (late, shop) INCLUDE (mail)",
            "ON public.users (late, shop) INCLUDE (mail)",
        ),
        (
            "ALTER TABLE users DROP CONSTRAINT users_pkey, ADD PRIMARY KEY (id, shop) INCLUDE (mail)",
            "ON public.users (id, shop) INCLUDE (mail)",
        ),
    ],
)
def test_its_index_is_the_one_that_was_written(migration: str, built: str) -> None:
    statements = [one for phase in planned(migration).phases for step in phase.steps for one in step.statements]
    assert any(built in one for one in statements)


def test_a_key_without_overlaps_is_refused() -> None:
    with pytest.raises(NoPlanError, match="WITHOUT OVERLAPS"):
        planned("ALTER TABLE users ADD CONSTRAINT apart UNIQUE (shop, during WITHOUT OVERLAPS)")
