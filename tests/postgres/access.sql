-- Releases that change who may do what. Queries are sent by the role pg_monitor, which owns nothing.

-- schema
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, note text, tenant text);
GRANT SELECT, INSERT ON orders TO pg_monitor;
GRANT SELECT (id), UPDATE (email) ON users TO pg_monitor;

-- change: SELECT is revoked
REVOKE SELECT ON orders FROM pg_monitor;
-- old
SELECT id FROM orders

-- change: another privilege is revoked
REVOKE INSERT ON orders FROM pg_monitor;
-- old
SELECT id FROM orders

-- change: everything is revoked
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM pg_monitor;
-- old
INSERT INTO orders (id) VALUES (2)

-- change: it is everybody's anyway
REVOKE SELECT ON orders FROM pg_monitor;
-- more
GRANT SELECT ON orders TO PUBLIC;
-- old
SELECT id FROM orders

-- change: from the table to columns that suffice
REVOKE SELECT ON orders FROM pg_monitor;
GRANT SELECT (id, total) ON orders TO pg_monitor;
-- old
SELECT total FROM orders WHERE id = 1

-- change: from the table to columns that do not suffice for the condition
REVOKE SELECT ON orders FROM pg_monitor;
GRANT SELECT (id, total) ON orders TO pg_monitor;
-- old
SELECT total FROM orders WHERE note = 'a'

-- change: columns that do not suffice for a star
REVOKE SELECT ON orders FROM pg_monitor;
GRANT SELECT (id, total) ON orders TO pg_monitor;
-- old
SELECT * FROM orders

-- change: any column suffices to count
REVOKE SELECT ON orders FROM pg_monitor;
GRANT SELECT (id) ON orders TO pg_monitor;
-- old
SELECT count(*) FROM orders

-- change: a column is revoked
REVOKE SELECT (id) ON users FROM pg_monitor;
-- old
SELECT id FROM users

-- change: a column is revoked that another query names
REVOKE SELECT (id) ON users FROM pg_monitor;
-- old
UPDATE users SET email = 'y'

-- change: the column of an UPDATE is revoked
REVOKE UPDATE (email) ON users FROM pg_monitor;
-- old
UPDATE users SET email = 'y' WHERE id = 1

-- change: what is revoked from the table goes from its columns
REVOKE UPDATE ON users FROM pg_monitor;
-- old
UPDATE users SET email = 'y'

-- change: a new column that the grants of columns leave out, behind a star
ALTER TABLE users ADD phone text;
-- more
GRANT SELECT (email) ON users TO pg_monitor;
-- old
SELECT * FROM users

-- change: a new column that the grants of columns leave out, and nobody reads
ALTER TABLE users ADD phone text;
-- old
SELECT id FROM users

-- change: a renamed column keeps its grants, its reader breaks for the name
ALTER TABLE users RENAME email TO address;
-- old
SELECT id FROM users

-- change: a privilege that only the new version needs
GRANT DELETE ON orders TO pg_monitor;
-- old
SELECT id FROM orders
-- new
DELETE FROM orders

-- change: a column that only the new version reads
GRANT SELECT (email) ON users TO pg_monitor;
-- old
SELECT id FROM users
-- new
SELECT id, email FROM users

-- change: a view keeps its owner's rights
REVOKE SELECT ON orders FROM pg_monitor;
-- more
CREATE VIEW recent AS SELECT id FROM orders;
GRANT SELECT ON recent TO pg_monitor;
-- old
SELECT id FROM recent

-- change: a view with the caller's rights
REVOKE SELECT ON orders FROM pg_monitor;
-- more
CREATE VIEW recent WITH (security_invoker = true) AS SELECT id FROM orders;
GRANT SELECT ON recent TO pg_monitor;
-- old
SELECT id FROM recent

-- change: a view that is made again without its grants
DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM orders;
-- more
CREATE VIEW recent AS SELECT id FROM orders;
GRANT SELECT ON recent TO pg_monitor;
-- old
SELECT id FROM recent

-- change: a column of a view is revoked that a query names
REVOKE SELECT (note) ON recent FROM pg_monitor;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT (id, note) ON recent TO pg_monitor;
-- old
SELECT id FROM recent WHERE note = 'a'

-- change: a column of a view is revoked that nobody names
REVOKE SELECT (note) ON recent FROM pg_monitor;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT (id, note) ON recent TO pg_monitor;
-- old
SELECT id FROM recent

-- change: what is revoked from a view goes from its columns
REVOKE SELECT ON recent FROM pg_monitor;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT (id) ON recent TO pg_monitor;
-- old
SELECT id FROM recent

-- change: a view that is replaced by a longer one keeps the grants of its columns
CREATE OR REPLACE VIEW recent AS SELECT id, note, total FROM orders;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT (id, note) ON recent TO pg_monitor;
-- old
SELECT id FROM recent WHERE note = 'a'

-- change: a view that is replaced by a longer one, behind a star
CREATE OR REPLACE VIEW recent AS SELECT id, note, total FROM orders;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT (id, note) ON recent TO pg_monitor;
-- old
SELECT * FROM recent

-- change: a column of a view that only the new version writes
GRANT UPDATE (note) ON recent TO pg_monitor;
-- more
CREATE VIEW recent AS SELECT id, note FROM orders;
GRANT SELECT ON recent TO pg_monitor;
-- old
SELECT id FROM recent
-- new
UPDATE recent SET note = 'b'

-- change: a function with the rights of its owner
REVOKE SELECT ON orders FROM pg_monitor;
-- more
CREATE FUNCTION many() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM orders';
-- old
SELECT many()

-- change: a function with the rights of the caller
REVOKE SELECT ON orders FROM pg_monitor;
-- more
CREATE FUNCTION many() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
-- old
SELECT many()

-- change: row security without a policy
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
-- old
SELECT id FROM orders

-- change: row security with a policy that hides
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 'other');
-- old
SELECT id FROM orders

-- change: row security that lets everybody read
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON orders FOR SELECT USING (true);
-- old
SELECT id FROM orders

-- change: row security that lets everybody read, and nobody write
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON orders FOR SELECT USING (true);
-- old
INSERT INTO orders (id) VALUES (2)

-- change: a policy of another condition, under the same name
ALTER POLICY mine ON orders USING (tenant = 'other');
-- more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 't');
-- old
SELECT id FROM orders

-- change: a policy that narrows further
CREATE POLICY narrow ON orders AS RESTRICTIVE USING (total > 5);
-- more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 't');
-- old
SELECT id FROM orders

-- change: a policy that widens
CREATE POLICY wide ON orders USING (true);
-- more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 't');
-- old
SELECT id FROM orders

-- change: a policy is dropped
DROP POLICY mine ON orders;
-- more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders USING (tenant = 't');
-- old
SELECT id FROM orders

-- change: rows become visible for the new version
CREATE POLICY everybody ON orders FOR DELETE USING (true);
-- more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON orders FOR SELECT USING (true);
GRANT DELETE ON orders TO pg_monitor;
-- old
SELECT id FROM orders
-- new
DELETE FROM orders WHERE id = 1

-- change: policies without row security
CREATE POLICY mine ON orders USING (tenant = 'other');
-- old
SELECT id FROM orders
