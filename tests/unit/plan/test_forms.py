"""What a statement says beside the usual: kept by its plan, or a reason why there is none."""

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
CREATE TABLE users (id int PRIMARY KEY, team int, name text, age int);
CREATE TABLE members (team int, name text);
CREATE TABLE teams (id int PRIMARY KEY);
CREATE POLICY seen ON teams USING (id IN (SELECT team FROM members));
CREATE FUNCTION oldest() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(age) FROM users; END;
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (name text) INHERITS (animals);
CREATE TABLE events (id int, team int) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (10);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
ALTER TABLE events ADD CONSTRAINT kept FOREIGN KEY (id) REFERENCES users;
CREATE TABLE doubled (one int, two int GENERATED ALWAYS AS (one * 2) STORED, code int UNIQUE, no serial);
ALTER TABLE members ADD COLUMN code int CONSTRAINT user_code REFERENCES doubled (code);
GRANT UPDATE (name, age), SELECT (age) ON users TO reader;
""",
        )
    )
)


def planned(migration: str, *, pg_version: int = 15) -> Draft:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=pg_version, pg_version_assumed=False), id="f1")
    return draft_of(read_changes(read_script(Source(path="m.sql", text=migration)), SCHEMA, Hints()), ground)


def statements(migration: str, *, pg_version: int = 15) -> list[str]:
    phases = planned(migration, pg_version=pg_version).phases
    return [one for phase in phases for step in phase.steps for one in step.statements]


def ways_back(migration: str) -> list[str]:
    return [one for phase in planned(migration).phases for step in phase.steps for one in step.undo]


@pytest.mark.parametrize(
    ("migration", "run"),
    [
        (
            "GRANT ALL (name) ON members TO reader",
            [f"GRANT {one} (name)" for one in ("SELECT", "INSERT", "UPDATE", "REFERENCES")],
        ),
        (
            "REVOKE ALL (name) ON users FROM PUBLIC",
            [f"REVOKE {one} (name)" for one in ("SELECT", "INSERT", "UPDATE", "REFERENCES")],
        ),
        ("GRANT SELECT ON members TO reader WITH GRANT OPTION", ["GRANT SELECT"]),
        ("REVOKE UPDATE ON users FROM reader", ["REVOKE UPDATE"]),
    ],
)
def test_privileges_are_those_that_were_said(migration: str, run: list[str]) -> None:
    found = statements(migration)
    assert [one.split(" ON ")[0] for one in found] == run
    assert all(("WITH GRANT OPTION" in one) == ("WITH GRANT OPTION" in migration) for one in found)


def test_all_is_what_the_server_knows() -> None:
    assert any("MAINTAIN" in one for one in statements("GRANT ALL ON members TO reader", pg_version=17))
    assert not any("MAINTAIN" in one for one in statements("GRANT ALL ON members TO reader", pg_version=16))


def test_a_revoke_from_a_table_gives_the_columns_back_that_it_takes() -> None:
    assert ways_back("REVOKE UPDATE ON users FROM reader") == [
        "GRANT UPDATE (name, age) ON TABLE public.users TO reader"
    ]
    assert ways_back("GRANT SELECT ON users TO reader") == [
        "REVOKE SELECT ON TABLE public.users FROM reader",
        "GRANT SELECT (age) ON TABLE public.users TO reader",
    ]


def test_an_index_has_the_parameters_that_were_said() -> None:
    wanted = "ON public.users USING gist (name gist_trgm_ops (siglen = 32)) WITH (fillfactor = 80) TABLESPACE fast"
    assert wanted in statements(f"CREATE INDEX one {wanted}")[0]


def test_a_foreign_key_of_a_partitioned_table_is_asked_partition_by_partition_before_18() -> None:
    add = "ALTER TABLE events ADD CONSTRAINT team_fk FOREIGN KEY (team) REFERENCES teams"
    tables = [one.split(" ")[2].removeprefix("public.") for one in statements(add)]
    assert tables == ["events_1", "events_1", "events_2", "events_2", "events"]
    assert [one.split(" ")[2] for one in statements(add, pg_version=18)] == ["public.events"] * 2
    assert planned("ALTER TABLE events DROP CONSTRAINT kept").phases[-1].for_good
    assert not planned("ALTER TABLE events DROP CONSTRAINT kept", pg_version=18).phases[-1].for_good


@pytest.mark.parametrize(
    ("migration", "reason"),
    [
        ("DROP TABLE members CASCADE", "the policy seen of teams depends on it"),
        ("DROP TABLE animals CASCADE", "public.dogs inherits from it"),
        ("ALTER TABLE users DROP COLUMN age CASCADE", "the function oldest depends on it"),
        ("ALTER TABLE users ALTER COLUMN age TYPE text", "the function public.oldest .BEGIN ATOMIC. is bound to it"),
        ("ALTER TABLE animals DROP COLUMN name", "public.dogs, which inherits it, has one of its own"),
        ("ALTER TABLE ONLY animals ALTER COLUMN id SET DEFAULT 1", "leaves public.dogs as it is"),
        ("ALTER TABLE doubled DROP COLUMN one CASCADE", "the generated column two reads it"),
        ("ALTER TABLE doubled DROP COLUMN code CASCADE", "the foreign key user_code of members depends on it"),
        ("ALTER TABLE members DROP COLUMN team CASCADE", "the policy seen of public.teams looks it up"),
        ("CREATE TEMPORARY TABLE passing (id int)", "ends with its session"),
        ("CREATE TEMP VIEW passing AS SELECT 1", "ends with its session"),
    ],
)
def test_what_has_no_way_is_said(migration: str, reason: str) -> None:
    with pytest.raises(NoPlanError, match=reason):
        planned(migration)


@pytest.mark.parametrize(
    "rename",
    [
        "ALTER TABLE users RENAME COLUMN age TO years",  # a BEGIN ATOMIC body is bound to it
        "ALTER TABLE members RENAME COLUMN team TO group_id",  # a policy of another table looks it up
        "ALTER TABLE doubled RENAME COLUMN no TO number",  # its sequence belongs to it
        "ALTER TABLE animals RENAME COLUMN name TO called",  # a table below has one of its own
    ],
)
def test_a_column_that_cannot_be_kept_twice_is_renamed_behind_a_view(rename: str) -> None:
    assert any("CREATE VIEW" in one for one in statements(rename))


def test_each_constraint_of_a_statement_is_added_keys_first() -> None:
    added = statements(
        "ALTER TABLE members ADD CHECK (team > 0), ADD CHECK (team < 10), ADD FOREIGN KEY (team) REFERENCES members (code),"
        " ADD UNIQUE (code)"
    )
    found = [one for one in added if "ADD CONSTRAINT" in one]
    assert [one.split("ADD CONSTRAINT ")[1].split(" ")[0] for one in found] == [
        "members_team_check",
        "members_team_check1",
        "members_code_key",
        "members_team_fkey",
    ]


def test_a_block_steps_over_what_is_there_already() -> None:
    block = """DO $$ BEGIN
      BEGIN CREATE TABLE members (other text); EXCEPTION WHEN duplicate_table THEN NULL; END;
      IF EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'members' AND column_name = 'name') THEN
        ALTER TABLE members ADD COLUMN note text;
      END IF;
    END $$"""
    assert statements(block) == ["ALTER TABLE public.members ADD COLUMN note text"]
    assert planned(block).phases[0].name is PhaseName.EXPAND


def test_whoever_runs_a_statement_is_no_role_of_that_name() -> None:
    policy = statements("CREATE POLICY mine ON members TO CURRENT_USER, reader USING (true)")
    assert any("TO CURRENT_USER, reader" in one for one in policy)
    granted = planned("GRANT SELECT ON members TO CURRENT_USER").phases[0].steps[0]
    assert granted.statements == ("GRANT SELECT ON TABLE public.members TO CURRENT_USER",)
    assert "rolname = current_user" in granted.done


def test_a_unique_index_on_an_empty_materialized_view_is_not_asked_for_duplicates() -> None:
    made = "CREATE MATERIALIZED VIEW totals AS SELECT team, count(*) FROM members GROUP BY team"
    both = planned(f"{made} WITH NO DATA; CREATE UNIQUE INDEX one ON totals (team)")
    assert not [gate for phase in both.phases for gate in phase.gates]


def test_a_check_that_only_passes_through_is_left_to_the_plan() -> None:
    pattern = (
        "ALTER TABLE users ADD CONSTRAINT there CHECK (name IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT there;"
        "ALTER TABLE users ALTER COLUMN name SET NOT NULL; ALTER TABLE users DROP CONSTRAINT there"
    )
    assert not any(" there " in f"{one} " for one in statements(pattern))
    assert any("SET NOT NULL" in one for one in statements(pattern))
    again = f"{pattern}; ALTER TABLE users ADD CONSTRAINT there CHECK (name <> '')"
    assert any("CHECK (name <> '')" in one for one in statements(again))


def test_a_migration_that_takes_itself_back_has_no_plan() -> None:
    with pytest.raises(NoPlanError, match="takes back what comes before it"):
        planned("BEGIN; ALTER TABLE users ADD COLUMN z int; ROLLBACK")


def test_a_view_under_the_old_name_of_a_table_goes_and_that_is_said() -> None:
    renamed = planned("ALTER TABLE members RENAME TO people; CREATE VIEW members AS SELECT * FROM people")
    assert renamed.differs == ("the view public.members goes with the old version; the migration leaves one there",)
