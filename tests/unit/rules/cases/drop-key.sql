-- given
CREATE TABLE orders (id bigint PRIMARY KEY, email text UNIQUE, a integer, b integer, UNIQUE (a, b), CONSTRAINT sane CHECK (a > 0));

-- case: each
ALTER TABLE orders DROP CONSTRAINT orders_pkey;
ALTER TABLE orders DROP CONSTRAINT orders_email_key;
ALTER TABLE orders DROP CONSTRAINT sane;
ALTER TABLE orders DROP CONSTRAINT ghost_pkey;
ALTER TABLE orders DROP CONSTRAINT ghost_key;
ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_pkey;
ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_key;

-- case: among others
ALTER TABLE orders ADD COLUMN more text, DROP CONSTRAINT orders_a_b_key, DROP CONSTRAINT orders_pkey;

-- case: another takes its place
ALTER TABLE orders DROP CONSTRAINT orders_a_b_key, ADD CONSTRAINT orders_ab UNIQUE (a, b);
ALTER TABLE orders DROP CONSTRAINT orders_email_key;
ALTER TABLE orders ADD CONSTRAINT orders_email UNIQUE (email);

-- case: another over other columns
ALTER TABLE orders DROP CONSTRAINT orders_a_b_key, ADD CONSTRAINT orders_ba UNIQUE (b, a);

-- case: another too late [no-transaction]
ALTER TABLE orders DROP CONSTRAINT orders_email_key;
ALTER TABLE orders ADD CONSTRAINT orders_email UNIQUE (email);

-- case: the table goes, or is new
CREATE TABLE fresh (id bigint PRIMARY KEY);
ALTER TABLE fresh DROP CONSTRAINT fresh_pkey;
ALTER TABLE orders DROP CONSTRAINT orders_pkey;
DROP TABLE orders;
