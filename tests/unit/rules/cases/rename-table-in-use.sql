-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE users_new (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, note text);
CREATE VIEW adults AS SELECT id FROM users;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
CREATE TABLE secrets (id bigint PRIMARY KEY);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;

-- case: each kind
ALTER TABLE users RENAME TO people;
ALTER TABLE shop.carts RENAME TO baskets;
ALTER VIEW adults RENAME TO grown_ups;
ALTER MATERIALIZED VIEW counted RENAME TO counts;
ALTER SCHEMA shop RENAME TO store;
ALTER FOREIGN TABLE elsewhere RENAME TO there;

-- case: to another schema
ALTER TABLE users SET SCHEMA shop;
ALTER VIEW adults SET SCHEMA shop;
ALTER MATERIALIZED VIEW counted SET SCHEMA shop;
ALTER FUNCTION total SET SCHEMA shop;

-- case: what is new
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh RENAME TO fresher;
ALTER INDEX users_pkey RENAME TO users_key;

-- case: a view takes the place
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT * FROM people;

-- case: a view takes the place too late [no-transaction]
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT * FROM people;

-- case: a view of less takes the place
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT id FROM people;

-- case: a view that takes no writes takes the place
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT id, email FROM people GROUP BY 1, 2;

-- case: a view with a window, and one over two tables
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT id, email, count(*) OVER () AS n FROM people;
ALTER TABLE users_new RENAME TO new_users;
CREATE VIEW users_new AS SELECT p.id, p.email FROM people p, new_users;

-- case: a trigger lets writes through
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT DISTINCT id, email FROM people;
CREATE TRIGGER writing INSTEAD OF INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION write_users();

-- case: a trigger of another kind
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT DISTINCT id, email FROM people;
CREATE TRIGGER writing AFTER INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION write_users();

-- case: a materialized view takes the place
ALTER TABLE users RENAME TO people;
CREATE MATERIALIZED VIEW users AS SELECT * FROM people;

-- case: a view over rows that not everybody sees
ALTER TABLE secrets RENAME TO hidden;
CREATE VIEW secrets AS SELECT * FROM hidden;

-- case: a view with the rights of its callers
ALTER TABLE secrets RENAME TO hidden;
CREATE VIEW secrets WITH (security_invoker = on) AS SELECT * FROM hidden;

-- case: a view said not to have the rights of its callers
ALTER TABLE secrets RENAME TO hidden;
CREATE VIEW secrets WITH (security_invoker = false) AS SELECT * FROM hidden;

-- case: another table is swapped in
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_new RENAME TO users;

-- case: another table is swapped in for one that is dropped
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- case: swapped in pieces [no-transaction]
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_new RENAME TO users;
