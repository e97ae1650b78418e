-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY);
GRANT SELECT, INSERT, TRUNCATE ON orders TO app;
GRANT SELECT, UPDATE, INSERT, TRUNCATE ON users TO app, reports;
GRANT SELECT ON orders TO PUBLIC, "Odd";
GRANT SELECT ON users TO PUBLIC, "Odd";
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
GRANT SELECT ON shop.carts TO app;

-- case: each
CREATE TABLE fresh (id bigint PRIMARY KEY);
CREATE TABLE made AS SELECT 1 AS one;
CREATE VIEW seen AS SELECT 1 AS one;
CREATE TEMP TABLE passing (id bigint);
CREATE TABLE shop.fresh (id bigint);
CREATE TABLE IF NOT EXISTS orders (id bigint);
CREATE OR REPLACE VIEW seen AS SELECT 1 AS one, 2 AS two;

-- case: granted next, all or in part
CREATE TABLE fresh (id bigint PRIMARY KEY);
GRANT SELECT ON fresh TO app, PUBLIC, "Odd";
CREATE TABLE fresher (id bigint PRIMARY KEY);
GRANT SELECT ON fresher TO app;

-- case: by default privileges, dropped, and a partition
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
GRANT SELECT, INSERT ON logs TO app, PUBLIC, "Odd";
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (5);
CREATE TABLE gone (id bigint);
DROP TABLE gone;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app, PUBLIC, "Odd";
CREATE TABLE fresh (id bigint PRIMARY KEY);

-- given
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT ON orders, users TO app;

-- case: beside one without
CREATE TABLE fresh (id bigint PRIMARY KEY);
