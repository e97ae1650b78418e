-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, a text, "B b" text, c text CHECK (c IS NOT NULL), d text NOT NULL, e text);
ALTER TABLE orders ADD CONSTRAINT e_there CHECK (e IS NOT NULL) NOT VALID;
CREATE TABLE shop.carts (id bigint PRIMARY KEY, a text);
CREATE TABLE orders_a_not_null (id bigint);

-- case: each
ALTER TABLE orders ALTER COLUMN a SET NOT NULL;
ALTER TABLE orders ALTER COLUMN "B b" SET NOT NULL;
ALTER TABLE orders ALTER COLUMN c SET NOT NULL;
ALTER TABLE orders ALTER COLUMN d SET NOT NULL;
ALTER TABLE orders ALTER COLUMN e SET NOT NULL;
ALTER TABLE shop.carts ALTER COLUMN a SET NOT NULL;
ALTER TABLE elsewhere ALTER COLUMN a SET NOT NULL;

-- case: among others
ALTER TABLE orders ADD COLUMN more text, ALTER COLUMN a SET NOT NULL, ALTER COLUMN "B b" SET NOT NULL;

-- case: on a version with NOT NULL constraints [pg18]
ALTER TABLE orders ALTER COLUMN a SET NOT NULL;
ALTER TABLE shop.carts ALTER COLUMN a SET NOT NULL, ADD COLUMN more text;

-- case: on the oldest version [pg12-12]
ALTER TABLE orders ALTER COLUMN a SET NOT NULL;
ALTER TABLE orders ALTER COLUMN c SET NOT NULL;

-- case: by a key
ALTER TABLE shop.carts DROP CONSTRAINT carts_pkey, ADD PRIMARY KEY (id, a);
