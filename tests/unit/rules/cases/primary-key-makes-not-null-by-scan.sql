-- given
CREATE TABLE orders (id bigint, a integer NOT NULL, b integer);
CREATE UNIQUE INDEX orders_id ON orders (id);
CREATE UNIQUE INDEX orders_a ON orders (a);
CREATE UNIQUE INDEX orders_two ON orders (id, b);

-- case: by two nullable columns
ALTER TABLE orders ADD CONSTRAINT orders_pk PRIMARY KEY USING INDEX orders_two;

-- case: by one that is not, and among others
ALTER TABLE orders ADD COLUMN more text, ADD CONSTRAINT orders_pk PRIMARY KEY USING INDEX orders_id;
ALTER TABLE orders ADD CONSTRAINT orders_pk_2 PRIMARY KEY USING INDEX orders_a;
