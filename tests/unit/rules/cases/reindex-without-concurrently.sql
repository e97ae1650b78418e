-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE INDEX "Orders Note" ON orders (note);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE INDEX logs_id ON logs (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (5);

-- case: each
REINDEX TABLE orders;
REINDEX INDEX "Orders Note";
reindex table shop.carts;
REINDEX (VERBOSE) INDEX shop.carts_pkey;
REINDEX INDEX ghost;
REINDEX TABLE elsewhere;
REINDEX TABLE CONCURRENTLY orders;
CREATE TABLE fresh (id bigint PRIMARY KEY);
REINDEX TABLE fresh;

-- case: of more [no-transaction]
REINDEX SCHEMA shop;
REINDEX DATABASE shop;
REINDEX SYSTEM shop;
REINDEX TABLE logs;
REINDEX INDEX logs_id;
