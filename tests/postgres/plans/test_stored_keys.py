"""Where a plan makes a key anew, its index has the tablespace and the parameters that the migration says, or those it had."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.plan.read.hints import hints_of
from tests.postgres.plans.rollout import dump, one_shot, roll_out
from tests.postgres.servers import Database
from tests.postgres.whole_server import make_fast_tablespace

STORED = "WITH (fillfactor = 70) USING INDEX TABLESPACE ms_fast"
SETUP = f"""
CREATE TABLE items (
  id int NOT NULL, code int NOT NULL, day int NOT NULL,
  CONSTRAINT items_pkey PRIMARY KEY (id) {STORED}, CONSTRAINT items_code UNIQUE (code) {STORED}
);
CREATE TABLE orders (id serial PRIMARY KEY, item int REFERENCES items);
CREATE TABLE days (day int NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (10);
"""
MIGRATIONS = {
    "added": f"ALTER TABLE orders ADD UNIQUE (item) {STORED}",
    "replaced": f"ALTER TABLE items DROP CONSTRAINT items_code, ADD CONSTRAINT items_code UNIQUE (code, day) {STORED}",
    "deferred": f"ALTER TABLE items DROP CONSTRAINT items_code, ADD CONSTRAINT items_code UNIQUE (code) {STORED} DEFERRABLE",
    "another primary key": f"""
        ALTER TABLE orders DROP CONSTRAINT orders_item_fkey;
        ALTER TABLE items DROP CONSTRAINT items_pkey, ADD CONSTRAINT items_pkey PRIMARY KEY (id, code) {STORED};
        ALTER TABLE items ADD CONSTRAINT items_id UNIQUE (id) {STORED};
        ALTER TABLE orders ADD CONSTRAINT orders_item_fkey FOREIGN KEY (item) REFERENCES items (id)""",
    "wider": "ALTER TABLE items ALTER id TYPE bigint",
    "of a partitioned table": f"ALTER TABLE days ADD PRIMARY KEY (day) {STORED}",
    "written anew": "ALTER TABLE items SET (fillfactor = 50); CLUSTER items USING items_pkey",
    "excluding": f"ALTER TABLE items ADD EXCLUDE USING btree (day WITH =) INCLUDE (code) {STORED}",
    "numbered": f"ALTER TABLE orders ADD place serial UNIQUE {STORED}",
}
ALSO = {"wider": "ALTER TABLE orders ALTER item TYPE bigint"}
"""What the plan does beside the migration."""
OTHERWISE = """
SELECT relname FROM pg_class LEFT JOIN pg_tablespace t ON t.oid = reltablespace
WHERE relkind IN ('i', 'I') AND relnamespace = 'public'::regnamespace
  AND (spcname, reloptions) IS DISTINCT FROM ('ms_fast', ARRAY['fillfactor=70'])
"""


@pytest.mark.majors(15, 18)
@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_key_is_stored_as_it_is_said(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    make_fast_tablespace(database)
    database.execute(SETUP)
    hints = hints_of(way="beside") if name == "written anew" else None
    run = roll_out(database, MIGRATIONS[name], tmp_path, hints)
    before: list[str] = []
    for phase in run.plan.phases:
        run.backfill(phase)
        ahead, back, for_good = run.files(phase)
        for files in (ahead, back, [*before, *ahead], for_good):
            for file in files:
                run.check(file)
            assert database.execute(OTHERWISE) == [("orders_pkey",)]
        before = ahead
    assert dump(database.dsn) == one_shot(database, SETUP, MIGRATIONS[name], ALSO.get(name, "SELECT 1"))
