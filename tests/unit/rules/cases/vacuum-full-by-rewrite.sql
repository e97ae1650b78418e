-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE shop."My Carts" (id bigint);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);

-- case: each [no-transaction]
VACUUM FULL orders;
VACUUM (FULL, VERBOSE) orders, shop."My Carts";
VACUUM FULL;
VACUUM orders;
VACUUM FULL elsewhere;
VACUUM FULL logs;
