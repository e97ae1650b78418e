-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE INDEX orders_note ON orders (note);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (5);

-- case: a lock timeout [no-transaction]
SET lock_timeout = '2s';
CREATE INDEX CONCURRENTLY a ON orders (note);
CREATE INDEX CONCURRENTLY ON orders (note);
DROP INDEX CONCURRENTLY orders_note;
DROP INDEX CONCURRENTLY ghost;
REINDEX TABLE CONCURRENTLY orders;
ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY;
CREATE INDEX b ON orders (note);
DROP INDEX a;
REINDEX TABLE orders;
ALTER TABLE logs ADD COLUMN a text;

-- case: a statement timeout [no-transaction]
SET statement_timeout = '59min';
CREATE INDEX CONCURRENTLY a ON orders (note);
SET statement_timeout = '1h';
CREATE INDEX CONCURRENTLY b ON orders (note);
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY c ON orders (note);
SET statement_timeout = 3599999;
CREATE INDEX CONCURRENTLY d ON orders (note);

-- case: none any more [no-transaction]
SET lock_timeout = '2s';
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY a ON orders (note);
SET lock_timeout = '2s';
RESET lock_timeout;
CREATE INDEX CONCURRENTLY b ON orders (note);

-- case: of a new table, and inside a transaction [no-transaction]
SET lock_timeout = '2s';
CREATE TABLE fresh (id bigint);
CREATE INDEX CONCURRENTLY a ON fresh (id);
BEGIN;
CREATE INDEX CONCURRENTLY b ON orders (note);
COMMIT;
