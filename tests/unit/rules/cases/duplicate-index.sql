-- given
CREATE TABLE orders (id bigint PRIMARY KEY, state text, total bigint, note text, email text UNIQUE);
CREATE INDEX orders_state ON orders (state);
CREATE UNIQUE INDEX orders_total ON orders (total) INCLUDE (note);
CREATE INDEX orders_lower ON orders (lower(note));
CREATE INDEX orders_open ON orders (id, state) WHERE total > 5;
CREATE MATERIALIZED VIEW states AS SELECT state FROM orders;
CREATE INDEX states_state ON states (state);

-- case: the same, or less [no-transaction]
CREATE INDEX CONCURRENTLY a ON orders (state);
CREATE INDEX CONCURRENTLY b ON orders (total);
CREATE INDEX CONCURRENTLY c ON orders (total) INCLUDE (note);
CREATE INDEX CONCURRENTLY d ON orders (lower(note));
CREATE INDEX CONCURRENTLY e ON orders (id, state) WHERE total > 5;
CREATE INDEX CONCURRENTLY f ON orders (email);
CREATE UNIQUE INDEX CONCURRENTLY g ON orders (email);
CREATE INDEX CONCURRENTLY h ON states (state);

-- case: more [no-transaction]
CREATE UNIQUE INDEX CONCURRENTLY a ON orders (state);
CREATE INDEX CONCURRENTLY b ON orders (lower(note)) INCLUDE (id);
CREATE UNIQUE INDEX CONCURRENTLY c ON orders (total) INCLUDE (note, state);
CREATE INDEX CONCURRENTLY d ON orders (email) INCLUDE (note);

-- case: another [no-transaction pg15]
CREATE INDEX CONCURRENTLY a ON orders (state DESC);
CREATE INDEX CONCURRENTLY b ON orders (state COLLATE "C");
CREATE INDEX CONCURRENTLY c ON orders (state NULLS FIRST);
CREATE INDEX CONCURRENTLY d ON orders (upper(note));
CREATE INDEX CONCURRENTLY e ON orders (id, state) WHERE total > 6;
CREATE INDEX CONCURRENTLY f ON orders (id, state);
CREATE INDEX CONCURRENTLY g ON orders (state, id);
CREATE INDEX CONCURRENTLY h ON orders USING hash (state);
CREATE UNIQUE INDEX CONCURRENTLY i ON orders (total) INCLUDE (id) NULLS NOT DISTINCT;
CREATE INDEX CONCURRENTLY j ON elsewhere (state);
CREATE INDEX CONCURRENTLY k ON orders (state text_pattern_ops);

-- case: the first one goes, or both
CREATE INDEX a ON orders (state);
DROP INDEX orders_state;
CREATE INDEX b ON orders (total);
DROP INDEX b;

-- case: both are new
CREATE TABLE fresh (id bigint, state text);
CREATE INDEX a ON fresh (state);
CREATE INDEX b ON fresh (state);

-- case: in a DO block
DO $$ BEGIN CREATE UNIQUE INDEX a ON orders (state); END $$;
