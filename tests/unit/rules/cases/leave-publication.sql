-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE PUBLICATION sent FOR TABLE orders, users, shop.carts;
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA shop, public;
CREATE PUBLICATION everything FOR ALL TABLES;

-- case: it goes
DROP PUBLICATION sent;
DROP PUBLICATION schemas, everything;

-- case: it comes back
DROP PUBLICATION sent;
CREATE PUBLICATION sent FOR TABLE orders;

-- case: it is new, or not known
CREATE PUBLICATION fresh FOR TABLE orders;
ALTER PUBLICATION fresh DROP TABLE orders;
DROP PUBLICATION fresh;
DROP PUBLICATION ghost;
DROP PUBLICATION IF EXISTS ghost;
ALTER PUBLICATION ghost DROP TABLE orders, users;
ALTER PUBLICATION ghost SET TABLE orders;
ALTER PUBLICATION ghost DROP TABLES IN SCHEMA shop;

-- case: tables go
ALTER PUBLICATION sent DROP TABLE users, shop.carts;
ALTER PUBLICATION sent SET TABLE orders, users;

-- case: tables go and come
ALTER PUBLICATION sent DROP TABLE users;
ALTER PUBLICATION sent ADD TABLE users;
ALTER PUBLICATION sent SET TABLE orders, users, shop.carts;

-- case: schemas go
ALTER PUBLICATION schemas DROP TABLES IN SCHEMA shop;
ALTER PUBLICATION schemas SET TABLES IN SCHEMA shop;

-- case: what is published changes otherwise
ALTER PUBLICATION sent ADD TABLE users;
ALTER PUBLICATION sent SET (publish = 'insert');
ALTER PUBLICATION sent RENAME TO delivered;
DROP TABLE orders;
