-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE INDEX "Orders Note" ON orders (note, id DESC);
CREATE TABLE shop.carts (id bigint);
CREATE INDEX carts_id ON shop.carts (id);

-- case: each [no-transaction]
CLUSTER orders USING "Orders Note";
CLUSTER orders USING orders_pkey;
CLUSTER shop.carts USING carts_id;
CLUSTER orders;
CLUSTER;
CLUSTER elsewhere USING ghost;
