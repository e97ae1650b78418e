-- given
CREATE ROLE app;
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE VIEW recent AS SELECT id FROM orders;
CREATE SEQUENCE numbers;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
GRANT SELECT, INSERT, TRUNCATE ON orders TO app, reports;
GRANT SELECT ON recent TO app;
GRANT USAGE ON SEQUENCE numbers TO app;
GRANT SELECT ON shop.carts TO app;

-- case: what is known to be granted
REVOKE SELECT, TRUNCATE ON orders FROM app;
REVOKE ALL ON recent FROM app;
REVOKE USAGE ON SEQUENCE numbers FROM app;
REVOKE ALL ON orders FROM app, reports;

-- case: what no query needs
REVOKE TRUNCATE, REFERENCES, TRIGGER ON orders FROM app;
REVOKE CREATE ON SCHEMA shop FROM app;

-- case: granted again in the same transaction
REVOKE ALL ON orders FROM app;
GRANT SELECT, INSERT ON orders TO app;

-- case: granted again with less
REVOKE ALL ON orders FROM app;
GRANT SELECT ON orders TO app;

-- case: granted again too late [no-transaction]
REVOKE ALL ON orders FROM app;
GRANT SELECT, INSERT ON orders TO app;

-- case: all tables of a schema
REVOKE SELECT ON ALL TABLES IN SCHEMA shop FROM app;
REVOKE INSERT ON ALL TABLES IN SCHEMA public FROM stranger;
REVOKE UPDATE ON ALL SEQUENCES IN SCHEMA public FROM stranger;

-- case: from whom nothing is known to be granted
REVOKE SELECT ON orders FROM stranger, other;
REVOKE SELECT (note) ON orders FROM stranger;
REVOKE SELECT ON orders FROM PUBLIC;
REVOKE SELECT ON orders, recent FROM stranger;

-- case: only the right to grant it on
REVOKE GRANT OPTION FOR SELECT ON orders FROM app;
REVOKE ADMIN OPTION FOR app FROM reports;

-- case: schemas, databases and functions
REVOKE USAGE ON SCHEMA shop FROM app;
REVOKE ALL ON SCHEMA shop FROM app;
REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION total() FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA shop FROM app;
REVOKE USAGE ON LANGUAGE plpgsql FROM app;

-- case: a trigger function that nobody calls
REVOKE ALL ON FUNCTION watch() FROM PUBLIC;

-- case: what this migration made
CREATE TABLE fresh (id bigint PRIMARY KEY);
REVOKE ALL ON fresh FROM app;
CREATE SCHEMA fresh;
REVOKE ALL ON SCHEMA fresh FROM PUBLIC;
CREATE FUNCTION fresh_total() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
REVOKE ALL ON FUNCTION fresh_total() FROM PUBLIC;

-- case: a function, granted again
REVOKE ALL ON FUNCTION total() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION total() TO app;

-- case: roles
REVOKE reports FROM app;
REVOKE reports, writers FROM app, PUBLIC;
DROP ROLE app;
ALTER ROLE app NOLOGIN;
ALTER ROLE app LOGIN;
ALTER ROLE app NOCREATEDB;
CREATE ROLE more;
GRANT reports TO app;

-- case: a function, from two roles
REVOKE EXECUTE ON FUNCTION total() FROM app, reports;
