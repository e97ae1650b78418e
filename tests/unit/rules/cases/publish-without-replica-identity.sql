-- given
CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL, total bigint);
CREATE TABLE notes (id bigint NOT NULL, body text);
CREATE UNIQUE INDEX notes_id ON notes (id);
ALTER TABLE notes REPLICA IDENTITY USING INDEX notes_id;
CREATE TABLE loose (id bigint);
CREATE TABLE whole (id bigint);
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE PUBLICATION sent FOR TABLE orders, notes, whole;

-- case: a table is added
ALTER PUBLICATION sent ADD TABLE loose;
CREATE PUBLICATION more FOR TABLE loose;
CREATE PUBLICATION inserts FOR TABLE loose WITH (publish = 'insert');
ALTER PUBLICATION inserts SET (publish = 'insert, update');

-- case: a column list or a condition without the key [pg15]
ALTER PUBLICATION sent SET TABLE orders (state, total), notes;
CREATE PUBLICATION part FOR TABLE orders WHERE (total > 5);
CREATE PUBLICATION few FOR TABLE orders (id, state), whole (id);

-- case: all tables, or those of a schema
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA public;

-- case: the identity goes
ALTER TABLE orders DROP CONSTRAINT orders_pkey;
ALTER TABLE notes REPLICA IDENTITY DEFAULT;
ALTER TABLE whole REPLICA IDENTITY NOTHING;
DROP INDEX notes_id;

-- case: the identity goes with its index
DROP INDEX CONCURRENTLY notes_id;

-- case: the identity goes with a column
ALTER TABLE orders DROP COLUMN id;

-- case: another identity comes
ALTER TABLE orders DROP CONSTRAINT orders_pkey;
ALTER TABLE orders REPLICA IDENTITY FULL;

-- case: a new table
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE TABLE fresh (id bigint);
CREATE TABLE keyed (id bigint PRIMARY KEY);
CREATE TABLE made AS SELECT 1 AS one;

-- case: a new table that gets its key
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ADD PRIMARY KEY (id);
