"""Statements that no server would run leave a catalog in one piece: each was found by tools/fuzz."""

from __future__ import annotations

import pytest

from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import Moment
from migrasafe.sql.statements import Persistence
from migrasafe.target import Target
from tests.unit.schema.histories import after, column_names, index, ref, table, view
from tools.fuzz.promises import broken_promises, contradictions, linted

UP_AND_DOWN = """
CREATE TABLE years (at date) PARTITION BY RANGE (at);
CREATE TABLE months PARTITION OF years DEFAULT PARTITION BY RANGE (at);
"""


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE orders ATTACH PARTITION orders DEFAULT",
        f"{UP_AND_DOWN} ALTER TABLE months ATTACH PARTITION years DEFAULT",
        "CREATE TABLE logs (id int) INHERITS (logs)",
        "CREATE TABLE a (id int); CREATE TABLE b () INHERITS (a); ALTER TABLE a INHERIT b",
        "CREATE TABLE items (id int); CREATE UNIQUE INDEX CONCURRENTLY items ON items (id)",
        "CREATE TABLE parts PARTITION OF users DEFAULT; CREATE INDEX parts ON ONLY items (email)",
        "CREATE INDEX items1 ON events (kind); CREATE INDEX events ON parts (id)",
        "CREATE TABLE orders (email date, note text, email text)",
        "CREATE TABLE orders (id int PRIMARY KEY); ALTER TABLE orders ADD CONSTRAINT k UNIQUE USING INDEX orders_pkey",
        "CREATE TABLE orders (id int, CONSTRAINT orders PRIMARY KEY (id))",
        "CREATE TABLE orders (id int, CONSTRAINT k UNIQUE (id), CONSTRAINT k PRIMARY KEY (id))",
        f"{UP_AND_DOWN} CREATE TYPE years AS ENUM (); ALTER TABLE months ADD y years; ALTER TYPE years RENAME TO y2",
        "CREATE TYPE items AS ENUM (); CREATE INDEX items ON parts (a); ALTER TABLE parts ADD k items; ALTER TYPE items RENAME TO e",
        "CREATE TABLE t (a int NOT NULL);" + 2 * "ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO k;",
        "CREATE TABLE t (a int NOT NULL, CONSTRAINT k CHECK (a > 0)); ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO k",
        "CREATE TABLE t (a int PRIMARY KEY, CONSTRAINT k CHECK (a > 0)); ALTER INDEX t_pkey RENAME TO k",
        "CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0)); CREATE UNIQUE INDEX k ON t (a); ALTER TABLE t ADD UNIQUE USING INDEX k",
        "CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f(); CREATE TRIGGER b BEFORE INSERT ON t EXECUTE FUNCTION f(); "
        "ALTER TRIGGER a ON t RENAME TO b",
        "CREATE POLICY a ON t; CREATE POLICY b ON t; ALTER POLICY a ON t RENAME TO b",
        "CREATE TABLE t OF pair; CREATE TYPE pair AS (a int, b int, a text); ALTER TYPE pair ADD ATTRIBUTE c int",
        "CREATE TABLE t OF pair; CREATE TYPE pair AS (a int, b int); ALTER TYPE pair RENAME ATTRIBUTE a TO b",
        "CREATE VIEW v AS SELECT 1 AS a; CREATE INDEX ON v (a); CREATE OR REPLACE VIEW v AS SELECT 2 AS a",
    ],
)
def test_the_catalog_stays_in_one_piece_and_lint_comes_to_an_end(sql: str) -> None:
    assert list(contradictions(after(sql))) == []
    text = f"{sql};\nALTER TABLE orders ADD COLUMN x int;"
    assert list(broken_promises(text, *linted(text))) == []


def test_a_table_does_not_become_a_partition_of_its_own_partition() -> None:
    schema = after(f"{UP_AND_DOWN} ALTER TABLE months ATTACH PARTITION years DEFAULT")
    assert table(schema, "years").partition_of is None
    assert table(schema, "months").partition_of == ref("public.years")


def test_an_index_does_not_take_the_name_of_a_table() -> None:
    schema = after("CREATE TABLE items (id int); CREATE INDEX items ON items (id)")
    assert column_names(schema, "items") == ["id"]
    assert table(schema, "items").indexes == ()


def test_the_index_of_a_constraint_stays_with_it() -> None:
    schema = after("CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX t_pkey")
    assert index(schema, "t_pkey").constraint == "t_pkey"
    assert [one.name for one in table(schema, "t").constraints] == ["t_pkey"]


def test_a_procedure_that_is_dropped_is_no_function_of_its_name() -> None:
    made = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    assert ref("public.f") in after(f"{made} DROP PROCEDURE IF EXISTS f").functions
    assert ref("public.f") not in after(f"{made} DROP FUNCTION f").functions
    assert ref("public.f") not in after(f"{made} DROP ROUTINE f").functions
    made = "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';"
    assert ref("public.p") in after(f"{made} DROP FUNCTION IF EXISTS p").functions
    assert ref("public.p") not in after(f"{made} DROP PROCEDURE p").functions


def test_a_view_that_is_replaced_keeps_the_index_that_it_was_said_to_have() -> None:
    schema = after("CREATE VIEW v AS SELECT 1 AS a; CREATE INDEX i ON v (a); CREATE OR REPLACE VIEW v AS SELECT 2 AS a")
    assert view(schema, "v").indexes == (ref("public.i"),)


def test_a_table_that_is_below_another_in_many_ways_is_met_once() -> None:
    rhombs = "".join(
        f"CREATE TABLE l{n} () INHERITS (t{n}); CREATE TABLE r{n} () INHERITS (t{n});"
        f"CREATE TABLE t{n + 1} () INHERITS (l{n}, r{n});"
        for n in range(40)
    )
    schema = after(f"CREATE TABLE t0 (id int); {rhombs}")
    situation = Situation(schema=schema, session=Session(), target=Target(), moment=Moment(1, 0, 0))
    below = situation.below(ref("public.t0"))
    assert len(below) == len(set(below)) == 120
    assert below[0] == ref("public.l0")


def test_a_partitioned_table_is_logged_whatever_is_set() -> None:
    schema = after(f"{UP_AND_DOWN} ALTER TABLE years SET UNLOGGED")
    assert table(schema, "years").persistence is Persistence.PERMANENT
