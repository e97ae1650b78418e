-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);

-- case: set, zero, and too late
SET statement_timeout = '5min';
CREATE INDEX a ON orders (note);
SET statement_timeout = 0;
CREATE INDEX b ON orders (note);

-- case: without work
ALTER TABLE orders ADD COLUMN a text;
CREATE TABLE fresh (id bigint);
CREATE INDEX c ON fresh (id);

-- case: concurrently [no-transaction]
CREATE INDEX CONCURRENTLY a ON orders (note);
CREATE INDEX b ON orders (note);
