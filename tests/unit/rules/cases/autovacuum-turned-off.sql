-- given
CREATE TABLE orders (id bigint PRIMARY KEY);

-- case: each
ALTER TABLE orders SET (autovacuum_enabled = false);
ALTER TABLE orders SET (fillfactor = 70, autovacuum_enabled = off);
ALTER TABLE orders SET (autovacuum_enabled = true);
CREATE TABLE a (id bigint) WITH (autovacuum_enabled = 0);
CREATE TABLE b (id bigint) WITH (autovacuum_enabled = no, fillfactor = 70);
CREATE TABLE c (id bigint) WITH (autovacuum_enabled);
CREATE TABLE d (id bigint) WITH (fillfactor = 70);
ALTER TABLE elsewhere SET (autovacuum_enabled = false);

-- case: off at the end
ALTER TABLE orders SET (autovacuum_enabled = FALSE), SET (fillfactor = 70);

-- case: on again
ALTER TABLE orders SET (autovacuum_enabled = false);
ALTER TABLE orders RESET (autovacuum_enabled);
CREATE TABLE a (id bigint) WITH (autovacuum_enabled = false);
ALTER TABLE a SET (autovacuum_enabled = true);

-- case: gone again
ALTER TABLE orders SET (autovacuum_enabled = false);
DROP TABLE orders;
