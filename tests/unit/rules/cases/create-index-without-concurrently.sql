-- given
CREATE SCHEMA shop;
CREATE TABLE logs (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (id);
CREATE TABLE logs_1_1 PARTITION OF logs_1 FOR VALUES FROM (1) TO (1000);
CREATE TABLE shop.logs_2 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE empty (id bigint) PARTITION BY RANGE (id);
CREATE TABLE orders (id bigint, note text);

-- case: of a partitioned table with partitions below partitions
CREATE INDEX logs_id ON logs (id) WHERE id > 5;

-- case: unique, and without a name
CREATE UNIQUE INDEX ON logs (id, at, lower(id::text)) INCLUDE (at);

-- case: of a partitioned table without partitions
CREATE INDEX ON empty (id);

-- case: of the table alone
CREATE INDEX logs_only ON ONLY logs (id);

-- case: if it is not there [no-transaction]
CREATE INDEX IF NOT EXISTS orders_note ON orders (note);

-- case: with a lock timeout and other statements
SET lock_timeout = '2s';
CREATE INDEX orders_note ON public.orders USING gin (note gin_trgm_ops);
CREATE UNIQUE INDEX "Odd" ON orders (id) TABLESPACE fast;

-- case: in a DO block
DO $$ BEGIN CREATE INDEX orders_note ON orders (note); END $$;
