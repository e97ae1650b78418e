-- given
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE users_new (id bigint PRIMARY KEY, email text);
CREATE VIEW adults AS SELECT id FROM users;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
CREATE SEQUENCE numbers;
CREATE SEQUENCE more_numbers;
GRANT SELECT, INSERT ON users TO app, "Report";
GRANT SELECT ON adults, counted TO app, PUBLIC;
GRANT USAGE ON SEQUENCE numbers TO app;

-- case: each kind
DROP VIEW adults;
CREATE VIEW adults AS SELECT id FROM users;
DROP MATERIALIZED VIEW counted;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
DROP SEQUENCE numbers;
CREATE SEQUENCE numbers;

-- case: a table
DROP TABLE users CASCADE;
CREATE TABLE users (id bigint PRIMARY KEY);

-- case: granted again, all or in part
DROP VIEW adults;
CREATE VIEW adults AS SELECT id FROM users;
GRANT SELECT ON adults TO app, PUBLIC;
DROP SEQUENCE numbers;
CREATE SEQUENCE numbers;
GRANT SELECT ON SEQUENCE numbers TO app;

-- case: nothing was granted
DROP SEQUENCE more_numbers;
CREATE SEQUENCE more_numbers;

-- case: renamed, with a view or a new table in its place
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT * FROM people;

-- case: swapped for one that was there
ALTER TABLE users RENAME TO people;
ALTER TABLE users_new RENAME TO users;

-- case: not made again, or replaced
DROP VIEW adults;
CREATE OR REPLACE VIEW fresh AS SELECT 1 AS one;
DROP VIEW fresh;
CREATE VIEW fresh AS SELECT 2 AS two;
ALTER INDEX users_pkey RENAME TO users_key;
