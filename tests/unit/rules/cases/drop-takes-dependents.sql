-- given
CREATE SCHEMA shop;
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE VIEW shop.full_carts AS SELECT id FROM shop.carts;
CREATE SEQUENCE numbers;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2 * a';
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, mood mood, number bigint DEFAULT nextval('numbers'), age integer);
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), email text REFERENCES users (email), total bigint, at date,
    CONSTRAINT sane CHECK (total > 0 AND at > '2000-01-01'), CONSTRAINT small CHECK (total < 1000),
    UNIQUE (total, at)
);
CREATE INDEX orders_at_total ON orders (at, total);
CREATE UNIQUE INDEX orders_once ON orders (at, lower(email));
CREATE INDEX orders_total ON orders (total);
CREATE VIEW adults AS SELECT id, email FROM users WHERE age > 17;
CREATE VIEW old_adults AS SELECT id FROM adults;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watching BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER late BEFORE UPDATE OF at ON orders FOR EACH ROW EXECUTE FUNCTION watch();
CREATE POLICY recent ON orders USING (at > '2020-01-01');

-- case: a table, its views and the foreign keys to it
DROP TABLE users CASCADE;

-- case: a schema
DROP SCHEMA shop CASCADE;

-- case: a view under another
DROP VIEW adults CASCADE;

-- case: a view under another that is made again
DROP VIEW adults CASCADE;
CREATE VIEW adults AS SELECT id, email FROM users;
CREATE VIEW old_adults AS SELECT id FROM adults;

-- case: a view under another that is not made again
DROP VIEW adults CASCADE;
CREATE VIEW adults AS SELECT id, email FROM users;

-- case: a type
DROP TYPE mood CASCADE;

-- case: a type whose column comes back
DROP TYPE mood CASCADE;
ALTER TABLE users ADD COLUMN mood text;

-- case: a sequence that a default asks
DROP SEQUENCE numbers CASCADE;

-- case: a sequence that another default takes the place of
DROP SEQUENCE numbers CASCADE;
ALTER TABLE users ALTER COLUMN number SET DEFAULT 5;

-- case: a function of triggers
DROP FUNCTION watch() CASCADE;

-- case: a function of triggers, with one of them again
DROP FUNCTION watch() CASCADE;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watching BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION watch();

-- case: a column with checks, keys, indexes, a trigger and a policy
ALTER TABLE orders DROP COLUMN at CASCADE;

-- case: a column with an index that is made again
ALTER TABLE orders DROP COLUMN total;
CREATE INDEX orders_at_total ON orders (at);

-- case: its constraints are named too
ALTER TABLE orders DROP CONSTRAINT sane, DROP CONSTRAINT orders_total_at_key, DROP COLUMN total;

-- case: both columns of the check and the key
ALTER TABLE orders DROP COLUMN total, DROP COLUMN at CASCADE;

-- case: a key that a foreign key points at
ALTER TABLE users DROP CONSTRAINT users_email_key CASCADE;

-- case: a key, and the foreign key to it again
ALTER TABLE users DROP CONSTRAINT users_email_key CASCADE;
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE orders ADD CONSTRAINT orders_email_fkey FOREIGN KEY (email) REFERENCES users (email);

-- case: what this migration made goes with it
CREATE VIEW mine AS SELECT id, age FROM users;
ALTER TABLE users DROP COLUMN age CASCADE;

-- case: without a transaction it is not back in time [no-transaction]
DROP VIEW adults CASCADE;
CREATE VIEW adults AS SELECT id, email FROM users;
CREATE VIEW old_adults AS SELECT id FROM adults;

-- case: a table that is not known
DROP TABLE elsewhere CASCADE;

-- case: two views that are not known
DROP VIEW elsewhere, other.where_else CASCADE;

-- case: an extension
DROP EXTENSION citext CASCADE;

-- case: a table on which nothing stands
CREATE TABLE alone (id bigint);
DROP TABLE alone CASCADE;

-- case: in a DO block there is no statement to rewrite
DO $$ BEGIN DROP VIEW adults CASCADE; END $$;

-- given
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE moods (id bigint PRIMARY KEY, mood mood, CONSTRAINT glad CHECK (mood = 'happy'));
CREATE INDEX moods_mood ON moods (mood);
CREATE POLICY glad ON moods USING (mood = 'happy');
CREATE MATERIALIZED VIEW happy AS SELECT id FROM moods WHERE mood = 'happy';

-- case: each of what goes with a column is made again
ALTER TABLE moods DROP COLUMN mood CASCADE;
ALTER TABLE moods ADD COLUMN mood text;
ALTER TABLE moods ADD CONSTRAINT glad CHECK (mood = 'happy') NOT VALID;
CREATE INDEX moods_mood ON moods (mood);
CREATE POLICY glad ON moods USING (mood = 'happy');
CREATE MATERIALIZED VIEW happy AS SELECT id FROM moods WHERE mood = 'happy';

-- case: nothing of what goes with a column is made again
ALTER TABLE moods DROP COLUMN mood CASCADE;
ALTER TABLE moods ADD COLUMN mood text;

-- case: the materialized view alone is not made again
ALTER TABLE moods DROP COLUMN mood CASCADE;
ALTER TABLE moods ADD COLUMN mood text;
ALTER TABLE moods ADD CONSTRAINT glad CHECK (mood = 'happy') NOT VALID;
CREATE INDEX moods_mood ON moods (mood);
CREATE POLICY glad ON moods USING (mood = 'happy');
