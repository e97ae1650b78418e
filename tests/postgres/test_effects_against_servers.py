"""What effects predict is what servers do: locks, rewrites, index builds and failures, on every major version."""

from __future__ import annotations

import pytest

from migrasafe.effects.model import Effects, WorkKind
from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.postgres.watch.observed import Observed
from migrasafe.postgres.watch.watch_locks import measure
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Moment
from migrasafe.sql.parse import parse_statement, read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from tests.postgres.servers import Database

SHOP = """
CREATE DOMAIN price AS numeric(10, 2) CHECK (VALUE >= 0);
CREATE DOMAIN label AS text;
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(50) NOT NULL, name text, age int, joined timestamp);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint REFERENCES customers (id), total numeric(10, 2), note varchar(50),
    code varchar(20), flags varbit(8), placed timestamptz(3), meta json, amount price, tag label, quantity int);
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_lower_code ON orders (lower(code));
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
ALTER TABLE orders ADD CONSTRAINT orders_quantity_check CHECK (quantity > 0) NOT VALID;
ALTER TABLE customers ADD CONSTRAINT customers_name_proof CHECK (name IS NOT NULL AND name <> '');
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE VIEW customer_names AS SELECT id, name FROM customers;
CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2025 (id bigint, day date NOT NULL);
CREATE TABLE days (day date PRIMARY KEY);
CREATE TABLE meetings (id bigint, day date NOT NULL REFERENCES days) PARTITION BY RANGE (day);
CREATE TABLE meetings_2023 PARTITION OF meetings FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE meetings_2025 (id bigint, day date NOT NULL CHECK (day >= '2025-01-01' AND day < '2026-01-01'));
CREATE TABLE meetings_2026 (id bigint, day date NOT NULL REFERENCES days CHECK (day >= '2026-01-01' AND day < '2027-01-01'));
CREATE TABLE logs (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
CREATE TABLE batches (number int UNIQUE, code varchar(10) UNIQUE, state state);
CREATE SEQUENCE tickets;
CREATE TABLE parcels (
    batch int REFERENCES batches (number), code varchar(10) REFERENCES batches (code), ticket int DEFAULT nextval('tickets'));
CREATE VIEW batch_numbers AS SELECT number FROM batches;
CREATE VIEW twice AS SELECT number FROM batch_numbers;
CREATE MATERIALIZED VIEW stored AS SELECT number FROM twice;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE visits (id int NOT NULL, day date NOT NULL, note text, CONSTRAINT visits_positive CHECK (id > 0))
    PARTITION BY RANGE (day);
CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE INDEX visits_id ON visits (id);
CREATE INDEX visits_day ON ONLY visits (day);
CREATE INDEX visits_2023_day ON visits_2023 (day);
CREATE TRIGGER visits_touch AFTER INSERT ON visits FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE ledger (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE ledger_1 PARTITION OF ledger FOR VALUES FROM (0) TO (100);
CREATE TABLE vehicles (id int, note text);
CREATE TABLE lorries () INHERITS (vehicles);
CREATE TRIGGER parcels_touch BEFORE UPDATE ON parcels FOR EACH ROW EXECUTE FUNCTION touch();
"""
ROWS = """
INSERT INTO customers SELECT n, 'c' || n, 'name', n, '2024-01-01' FROM generate_series(1, 50) n;
INSERT INTO orders (id, customer_id, total, note, code, quantity) SELECT n, n, n, 'n', 'c', 1 FROM generate_series(1, 50) n;
INSERT INTO visits SELECT n, '2023-02-02' FROM generate_series(1, 50) n;
INSERT INTO lorries SELECT n FROM generate_series(1, 50) n;
INSERT INTO batches SELECT n, n FROM generate_series(1, 50) n;
INSERT INTO parcels SELECT n, n FROM generate_series(1, 50) n;
INSERT INTO events SELECT n, '2023-02-02' FROM generate_series(1, 50) n;
INSERT INTO events_2025 SELECT n, '2025-02-02' FROM generate_series(1, 50) n;
INSERT INTO days SELECT '2023-01-01'::date + n * 100 FROM generate_series(1, 15) n;
INSERT INTO meetings SELECT 1, day FROM days WHERE day < '2024-01-01';
INSERT INTO meetings_2025 SELECT 1, day FROM days WHERE day >= '2025-01-01' AND day < '2026-01-01';
INSERT INTO meetings_2026 SELECT 1, day FROM days WHERE day >= '2026-01-01' AND day < '2027-01-01';
INSERT INTO logs SELECT n, '2020-02-02' FROM generate_series(1, 50) n;
"""
STATEMENTS = """
ALTER TABLE orders ADD COLUMN state text
ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new'
ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now()
ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT clock_timestamp()
ALTER TABLE orders ADD COLUMN bucket int DEFAULT (random() * 100)::int
ALTER TABLE orders ADD COLUMN number bigserial
ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY
ALTER TABLE orders ADD COLUMN cents numeric GENERATED ALWAYS AS (total * 100) STORED
ALTER TABLE orders ADD COLUMN cost price
ALTER TABLE orders ADD COLUMN colour label
ALTER TABLE orders ADD COLUMN weight int CHECK (weight > 0)
ALTER TABLE orders ADD COLUMN other_id bigint REFERENCES customers (id)
ALTER TABLE orders ADD COLUMN serial_number text UNIQUE
ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text
ALTER TABLE orders DROP COLUMN code
ALTER TABLE orders DROP COLUMN customer_id
ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'
ALTER TABLE orders ALTER COLUMN note DROP DEFAULT
ALTER TABLE orders ALTER COLUMN note SET NOT NULL
ALTER TABLE customers ALTER COLUMN name SET NOT NULL
ALTER TABLE customers ALTER COLUMN email SET NOT NULL
ALTER TABLE customers ALTER COLUMN email DROP NOT NULL
ALTER TABLE orders ALTER COLUMN note TYPE varchar(80)
ALTER TABLE orders ALTER COLUMN note TYPE text
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100) USING note::varchar(100)
ALTER TABLE orders ALTER COLUMN note TYPE varchar(20)
ALTER TABLE orders ALTER COLUMN code TYPE varchar(40)
ALTER TABLE orders ALTER COLUMN total TYPE numeric(14, 2)
ALTER TABLE orders ALTER COLUMN quantity TYPE bigint
ALTER TABLE orders ALTER COLUMN flags TYPE varbit(16)
ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz
ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz(0)
ALTER TABLE orders ALTER COLUMN meta TYPE jsonb
ALTER TABLE orders ALTER COLUMN tag TYPE text
ALTER TABLE orders ALTER COLUMN note TYPE varchar(50) COLLATE "C"
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID
ALTER TABLE orders VALIDATE CONSTRAINT orders_quantity_check
ALTER TABLE orders DROP CONSTRAINT orders_total_check
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey
ALTER TABLE orders ADD CONSTRAINT other FOREIGN KEY (quantity) REFERENCES customers (id)
ALTER TABLE orders ADD CONSTRAINT other FOREIGN KEY (quantity) REFERENCES customers (id) NOT VALID
ALTER TABLE orders ADD CONSTRAINT notes UNIQUE (id, note)
ALTER TABLE customers ADD CONSTRAINT emails UNIQUE USING INDEX customers_email
ALTER TABLE orders ADD CONSTRAINT exclusive EXCLUDE (id WITH =)
ALTER TABLE orders SET (fillfactor = 80)
ALTER TABLE orders ALTER COLUMN note SET STATISTICS 200
ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL
ALTER TABLE orders CLUSTER ON orders_note
ALTER TABLE orders SET UNLOGGED
ALTER TABLE orders REPLICA IDENTITY FULL
ALTER TABLE orders ENABLE ROW LEVEL SECURITY
ALTER TABLE orders DISABLE TRIGGER USER
ALTER TABLE orders RENAME TO purchases
ALTER TABLE orders RENAME COLUMN note TO remark
ALTER TABLE orders RENAME CONSTRAINT orders_total_check TO total_check
ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
ALTER TABLE meetings ATTACH PARTITION meetings_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
ALTER TABLE meetings ATTACH PARTITION meetings_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
ALTER INDEX visits_day ATTACH PARTITION visits_2023_day
ALTER TABLE events DETACH PARTITION events_2023
ALTER TABLE ledger DETACH PARTITION ledger_1
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
CREATE INDEX orders_total ON orders (total)
CREATE INDEX events_day ON events (day)
CREATE INDEX events_day ON ONLY events (day)
DROP INDEX orders_note
REINDEX TABLE orders
CLUSTER orders USING orders_note
CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint REFERENCES orders (id))
DROP TABLE orders CASCADE
TRUNCATE orders
LOCK TABLE orders IN EXCLUSIVE MODE
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()
CREATE POLICY everyone ON orders USING (true)
CREATE STATISTICS orders_stats ON total, quantity FROM orders
ANALYZE orders
REFRESH MATERIALIZED VIEW totals
UPDATE orders SET note = 'y'
DELETE FROM orders WHERE id = 1
ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 1000)
CREATE OR REPLACE VIEW customer_names AS SELECT id, name, age FROM customers
DROP VIEW customer_names
CREATE INDEX CONCURRENTLY orders_total ON orders (total)
VACUUM orders
ALTER TABLE customers ALTER COLUMN name TYPE varchar(10)
ALTER TABLE orders ALTER COLUMN customer_id TYPE int
ALTER TABLE orders ALTER COLUMN customer_id TYPE bigint
ALTER TABLE parcels ALTER COLUMN batch TYPE bigint
ALTER TABLE parcels ALTER COLUMN code TYPE varchar(20)
ALTER TABLE batches ALTER COLUMN number TYPE bigint
ALTER TABLE batches ALTER COLUMN code TYPE text
ALTER TABLE parcels ALTER CONSTRAINT parcels_batch_fkey DEFERRABLE INITIALLY DEFERRED
ALTER TABLE batches DROP CONSTRAINT batches_number_key CASCADE
ALTER TABLE batches DROP COLUMN number CASCADE
DROP VIEW batch_numbers CASCADE
DROP FUNCTION touch() CASCADE
DROP TYPE state CASCADE
DROP TRIGGER IF EXISTS nothing ON parcels
DROP TRIGGER parcels_touch ON parcels
DROP POLICY IF EXISTS nothing ON parcels
COMMENT ON TABLE parcels IS 'in the post'
COMMENT ON COLUMN parcels.code IS 'as printed'
COMMENT ON INDEX batches_number_key IS 'one of each'
COMMENT ON VIEW batch_numbers IS 'all of them'
COMMENT ON TRIGGER parcels_touch ON parcels IS 'marks it'
COMMENT ON CONSTRAINT parcels_batch_fkey ON parcels IS 'where it is'
CREATE TRIGGER noted AFTER INSERT ON visits FOR EACH ROW EXECUTE FUNCTION touch()
CREATE TRIGGER noted AFTER INSERT ON visits FOR EACH STATEMENT EXECUTE FUNCTION touch()
CREATE TRIGGER noted AFTER INSERT ON vehicles FOR EACH ROW EXECUTE FUNCTION touch()
DROP TRIGGER visits_touch ON visits
LOCK TABLE visits IN SHARE MODE
LOCK TABLE ONLY visits IN SHARE MODE
LOCK TABLE vehicles IN SHARE MODE
ANALYZE visits
ANALYZE vehicles
TRUNCATE visits
TRUNCATE ONLY vehicles
TRUNCATE vehicles
ALTER TABLE visits RENAME COLUMN note TO remark
ALTER TABLE vehicles RENAME COLUMN note TO remark
ALTER TABLE visits RENAME CONSTRAINT visits_positive TO above
ALTER TABLE visits RENAME TO calls
ALTER TABLE visits DISABLE TRIGGER visits_touch
ALTER TABLE visits ADD CHECK (id < 1000000)
ALTER TABLE visits ADD CHECK (id < 1000000) NOT VALID
ALTER TABLE visits ADD COLUMN other text
ALTER TABLE visits ALTER COLUMN id TYPE bigint
ALTER TABLE visits ALTER COLUMN note SET STATISTICS 10
ALTER TABLE visits ENABLE ROW LEVEL SECURITY
ALTER TABLE visits REPLICA IDENTITY FULL
ALTER TABLE vehicles ADD COLUMN other text
ALTER TABLE vehicles ALTER COLUMN id TYPE bigint
ALTER TABLE vehicles ADD CHECK (id < 1000000)
DROP INDEX visits_id
REINDEX TABLE visits
REINDEX INDEX visits_id
CLUSTER visits USING visits_id
DROP TABLE visits_2023
DROP TABLE vehicles CASCADE
CREATE MATERIALIZED VIEW doubled AS SELECT number * 2 AS number FROM twice
ALTER TABLE customers DROP COLUMN name
DROP TABLE customers
""".strip().splitlines()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_does_what_is_predicted(statement: str, each_major: int, database: Database) -> None:
    predicted = _predict(statement, each_major)
    setup = _split(SHOP) + _split(ROWS)
    (seen,) = measure(database.connect, [statement], in_transaction=True, setup=setup)
    if seen.error is not None:
        assert seen.error.code in {failure.trouble.value for failure in predicted.failures}, seen.error.message
        return
    assert not [failure for failure in predicted.failures if failure.certain]
    assert _strong(predicted) == _seen_locks(seen)
    assert _tables(predicted, WorkKind.REWRITE) == set(seen.rewrites)
    assert _tables(predicted, WorkKind.INDEX_BUILD) <= set(seen.index_builds)
    if not statement.startswith("TRUNCATE"):  # which makes new, empty indexes
        assert set(seen.index_builds) <= _tables(predicted, WorkKind.INDEX_BUILD, WorkKind.REWRITE)
    if not _tables(predicted, *WorkKind):
        assert set(seen.scans) == set()


def _split(sql: str) -> list[str]:
    script = read_script(Source(path="", text=sql))
    return [sql[statement.span.start : statement.span.end] for statement in script.statements]


def _predict(statement: str, major: int) -> Effects:
    schema = schema_from_script(read_script(Source(path="", text=SHOP)))
    situation = Situation(
        schema=schema,
        session=Session().begin(explicit=False),
        target=Target(pg_version=major),
        moment=Moment(1, 1, 1),
    )
    return predict(parse_statement(statement), situation)


def _strong(effects: Effects) -> dict[str, LockMode]:
    """The locks that a second DDL statement or a writer would notice, on relations that were there before."""
    found = {str(ref): mode for ref, mode in effects.strongest_locks().items()}
    return {name: mode for name, mode in found.items() if mode.strength >= LockMode.SHARE_UPDATE_EXCLUSIVE.strength}


def _seen_locks(seen: Observed) -> dict[str, LockMode]:
    return {
        name: mode for name, mode in seen.locks.items() if mode.strength >= LockMode.SHARE_UPDATE_EXCLUSIVE.strength
    }


def _tables(effects: Effects, *kinds: WorkKind) -> set[str]:
    return {str(work.relation) for work in effects.work if work.kind in kinds}
