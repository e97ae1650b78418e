"""Views, functions, triggers and domains: what cannot serve both versions under one name is refused, with the way out."""

from __future__ import annotations

import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import PhaseName
from tests.unit.plan.test_refusals import planned

SETUP = """
CREATE TABLE users (id int PRIMARY KEY, name text, age int);
CREATE VIEW people AS SELECT id, name AS called FROM users;
CREATE VIEW called AS SELECT called FROM people;
CREATE VIEW heads AS SELECT name, count(*) AS many FROM users GROUP BY name;
CREATE MATERIALIZED VIEW ages AS SELECT age, count(*) AS many FROM users GROUP BY age;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tt BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t();
CREATE DOMAIN score AS int CONSTRAINT small CHECK (VALUE < 10);
"""


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        (
            "DROP VIEW heads; CREATE VIEW heads AS SELECT name, max(id) AS last FROM users GROUP BY name",
            "the view public.heads cannot show last, many to both versions, since its rows follow from what it selects",
        ),
        (
            "CREATE OR REPLACE VIEW people AS SELECT id::text, name AS called FROM users",
            "id of the view public.people gets another",
        ),
        (
            "DROP VIEW people; CREATE VIEW people AS SELECT id FROM users",
            "the view public.called reads public.people.called",
        ),
        ("DROP VIEW people", "the view public.people cannot go yet: the view public.called reads it"),
        ("ALTER VIEW people RENAME TO heads", "there is a relation public.heads already"),
        ("INSERT INTO users (id) VALUES (1, 2)", "the rows for public.users have more values than columns"),
        ("ALTER TABLE users ALTER name SET STORAGE nowhere", "no storage nowhere of columns: default, plain, external"),
        ("ALTER TABLE users ALTER name SET COMPRESSION zip", "no compression zip of columns: pglz, lz4, default are"),
        (
            "ALTER TABLE users ALTER name SET (n_distint = 5)",
            "no option n_distint of columns: n_distinct, n_distinct_inh",
        ),
        (
            "DROP MATERIALIZED VIEW ages; CREATE MATERIALIZED VIEW ages AS SELECT age, max(id) AS last FROM users GROUP BY age",
            "public.ages cannot show last and many at once",
        ),
        (
            "CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 2'",
            "a call of public.f could mean public.f(integer, integer) as well as public.f(integer)",
        ),
        (
            "DROP FUNCTION f(int); CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
            "so both versions cannot call them by one name: give the new one another name (CREATE FUNCTION f_2",
        ),
        ("DROP FUNCTION t()", "public.users uses public.t()"),
        ("DROP FUNCTION g()", "the schema has no function public.g"),
        ("CREATE TRIGGER tt BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t()", "is defined is not known"),
        ("DROP TRIGGER other ON users", "public.users has no trigger other"),
        ("ALTER DOMAIN score DROP CONSTRAINT large", "public.score has no constraint large: it has small"),
        ("ALTER DOMAIN points ADD CHECK (VALUE > 0)", "the schema has no domain points"),
        (
            "ALTER TABLE users RENAME name TO full_name; CREATE OR REPLACE VIEW people AS SELECT id, full_name AS called FROM users",
            "two changes of the migration are about public.users",
        ),
    ],
)
def test_what_cannot_serve_both_versions_is_refused(migration: str, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        planned(migration, SETUP)
    assert said in str(refused.value)


def test_a_column_and_the_view_that_shows_it_come_in_this_order() -> None:
    draft = planned(
        "ALTER TABLE users ADD COLUMN rank int; CREATE OR REPLACE VIEW people AS SELECT id, name AS called, rank FROM users",
        SETUP,
    )
    expand = next(phase for phase in draft.phases if phase.name is PhaseName.EXPAND)
    assert [step.title for step in expand.steps] == ["Add the column rank", "Let public.people show rank as well"]


def test_views_over_a_view_that_is_made_again_come_with_it() -> None:
    draft = planned(
        "DROP VIEW called; DROP VIEW people; CREATE VIEW people AS SELECT id, name AS full_name FROM users;"
        "CREATE VIEW called AS SELECT full_name AS called FROM people",
        SETUP,
    )
    assert draft.title == "change the view public.people"
    (step,) = draft.phases[-1].steps
    assert "AS SELECT full_name AS called FROM people" in "".join(step.statements)
    assert "AS SELECT called FROM people" in "".join(step.undo)
