-- given
CREATE SCHEMA shop;
CREATE TABLE "My Orders" (id bigint PRIMARY KEY);
CREATE TABLE shop.carts (id bigint PRIMARY KEY);

-- case: each
TRUNCATE "My Orders";
TRUNCATE TABLE shop.carts, elsewhere CASCADE;
CREATE TABLE fresh (id bigint);
TRUNCATE fresh;

-- case: in a DO block
DO $$ BEGIN TRUNCATE shop.carts; END $$;
