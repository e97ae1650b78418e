-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN l bigint DEFAULT 5 REFERENCES users (id);
ALTER TABLE orders ADD COLUMN p bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE orders ADD COLUMN s bigint REFERENCES users (id);

-- case: of a partitioned table
ALTER TABLE logs ADD COLUMN b bigint DEFAULT 5 REFERENCES users (id);

-- case: of a partitioned table, on a version that takes NOT VALID [pg18]
ALTER TABLE logs ADD COLUMN b bigint DEFAULT 5 REFERENCES users (id);
