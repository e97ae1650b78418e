-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE PUBLICATION sent FOR TABLE orders, users;
CREATE PUBLICATION "Some" FOR TABLE orders, users, shop.carts;
CREATE PUBLICATION half FOR TABLE orders;

-- case: each
CREATE TABLE fresh (id bigint PRIMARY KEY);
CREATE TABLE made AS SELECT 1 AS one;
CREATE TABLE shop.fresh (id bigint PRIMARY KEY);
CREATE TEMP TABLE passing (id bigint);
CREATE UNLOGGED TABLE quick (id bigint);
CREATE TABLE IF NOT EXISTS orders (id bigint);

-- case: published next
CREATE TABLE fresh (id bigint PRIMARY KEY);
ALTER PUBLICATION sent ADD TABLE fresh;

-- case: dropped next, and a partition
CREATE TABLE fresh (id bigint PRIMARY KEY);
DROP TABLE fresh;
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (5);

-- given
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE PUBLICATION sent FOR TABLE orders;

-- case: beside one other only
CREATE TABLE fresh (id bigint PRIMARY KEY);
