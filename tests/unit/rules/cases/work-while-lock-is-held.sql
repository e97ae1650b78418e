-- given
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note text, total bigint, at timestamp);
CREATE TABLE logs (id bigint, user_id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (5);
CREATE TABLE empty (id bigint, user_id bigint) PARTITION BY RANGE (id);
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM orders;

-- case: each kind of work
ALTER TABLE users ADD COLUMN a text;
CREATE INDEX orders_note ON orders (note);
ALTER TABLE orders ADD CONSTRAINT sane CHECK (total > 0);
ALTER TABLE orders ADD CONSTRAINT who FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE orders ADD CONSTRAINT notes UNIQUE (note);
ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
ALTER TABLE orders ALTER COLUMN at TYPE timestamptz;
ALTER TABLE orders VALIDATE CONSTRAINT sane;
ALTER TABLE orders SET TABLESPACE fast;
UPDATE orders SET note = '';
DELETE FROM orders USING users WHERE users.id = orders.user_id;
SELECT * FROM orders FOR UPDATE;
REFRESH MATERIALIZED VIEW counted;
CREATE TABLE fresh AS SELECT * FROM orders;
VACUUM FULL orders;

-- case: of a partitioned table
ALTER TABLE users ADD COLUMN a text;
CREATE INDEX logs_user ON logs (user_id);
ALTER TABLE logs ADD CONSTRAINT who FOREIGN KEY (user_id) REFERENCES users (id);

-- case: a key without an own text, and among others
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN more text, ADD PRIMARY KEY USING INDEX orders_pk, ADD UNIQUE (note);

-- case: in a DO block
ALTER TABLE users ADD COLUMN a text;
DO $$ BEGIN UPDATE orders SET note = ''; CREATE INDEX orders_note ON orders (note); PERFORM * FROM orders FOR UPDATE; END $$;

-- case: under its own lock only
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_total ON orders (total);

-- case: a weaker lock is held
CREATE INDEX users_email ON users (email);
CREATE INDEX orders_note ON orders (note);
ALTER TABLE orders ALTER COLUMN at TYPE timestamptz;

-- case: of a new table
ALTER TABLE users ADD COLUMN a text;
CREATE TABLE fresh (id bigint);
CREATE INDEX fresh_id ON fresh (id);

-- case: a new table is locked
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ADD COLUMN a text;
CREATE INDEX orders_note ON orders (note);

-- case: of a partitioned table without partitions
CREATE INDEX empty_user ON empty (user_id);
ALTER TABLE users ADD COLUMN a text;
CREATE INDEX empty_id ON empty (id);
