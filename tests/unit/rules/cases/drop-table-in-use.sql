-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE VIEW adults AS SELECT 1 AS one;

-- case: each
DROP TABLE users;
DROP TABLE IF EXISTS orders;
DROP TABLE shop.carts CASCADE;
DROP FOREIGN TABLE elsewhere;
DROP TABLE ghost;
DROP TABLE IF EXISTS ghost;
DROP TABLE IF EXISTS adults;
DROP VIEW adults;

-- case: several
DROP TABLE users, shop.carts, ghost;
DROP TABLE IF EXISTS orders, phantom;

-- case: made again
DROP TABLE IF EXISTS ghost;
CREATE TABLE ghost (id bigint);
DROP TABLE IF EXISTS phantom;
CREATE TABLE phantom AS SELECT 1 AS one;
DROP TABLE IF EXISTS users;
CREATE TABLE users (id bigint);
DROP TABLE spirit;
CREATE TABLE spirit (id bigint);

-- case: made again, one of two
DROP TABLE IF EXISTS ghost, phantom;
CREATE TABLE ghost (id bigint);

-- case: new
CREATE TABLE fresh (id bigint);
DROP TABLE fresh;
CREATE TEMP TABLE passing (id bigint);
DROP TABLE passing;

-- case: made again, and nothing else
DROP TABLE IF EXISTS ghost;
CREATE TABLE ghost (id bigint);

-- case: another takes its name
DROP TABLE IF EXISTS ghost;
CREATE TABLE phantom (id bigint);
ALTER TABLE phantom RENAME TO ghost;
