-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);
ALTER TABLE shop.carts ENABLE ROW LEVEL SECURITY;
CREATE VIEW adults AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW counted AS SELECT 1 AS one;
CREATE SEQUENCE numbers;

-- case: each
ALTER TABLE orders OWNER TO app;
ALTER TABLE shop.carts ADD COLUMN more text, OWNER TO "My App";
ALTER VIEW adults OWNER TO app;
ALTER MATERIALIZED VIEW counted OWNER TO app;
ALTER SEQUENCE numbers OWNER TO app;
ALTER INDEX orders_pkey OWNER TO app;
ALTER TABLE elsewhere OWNER TO app;
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh OWNER TO app;
