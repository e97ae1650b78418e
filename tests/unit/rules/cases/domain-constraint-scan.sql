-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer;
CREATE DOMAIN shop.positive AS integer;
CREATE DOMAIN unused AS integer;
CREATE TABLE orders (id bigint PRIMARY KEY, a positive, "B b" positive, c shop.positive);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, d positive);

-- case: each
ALTER DOMAIN positive ADD CONSTRAINT above CHECK (VALUE > 0);
ALTER DOMAIN positive ADD CHECK (value > 0) NOT VALID;
ALTER DOMAIN shop.positive ADD CHECK (VALUE > 0 AND VALUE < 9);
ALTER DOMAIN unused ADD CHECK (VALUE > 0);
ALTER DOMAIN ghost ADD CHECK (VALUE > 0);
ALTER DOMAIN positive SET NOT NULL;
ALTER DOMAIN positive VALIDATE CONSTRAINT above;
ALTER DOMAIN positive SET DEFAULT 5;
