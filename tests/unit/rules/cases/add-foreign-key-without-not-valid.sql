-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE people (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, at date, payer bigint REFERENCES people);
CREATE TABLE logs (id bigint, user_id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE shop.logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (id);
CREATE TABLE logs_1_1 PARTITION OF shop.logs_1 FOR VALUES FROM (1) TO (1000);
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE empty (id bigint, user_id bigint) PARTITION BY RANGE (id);

-- case: of a partitioned table
ALTER TABLE logs ADD CONSTRAINT logs_user FOREIGN KEY (user_id) REFERENCES users (id);

-- case: of a partitioned table, without a name
ALTER TABLE logs ADD FOREIGN KEY (user_id) REFERENCES users;

-- case: of a partitioned table, beside another action
ALTER TABLE logs ADD COLUMN note text, ADD FOREIGN KEY (user_id) REFERENCES users;

-- case: of a partitioned table without partitions
ALTER TABLE empty ADD FOREIGN KEY (user_id) REFERENCES users;

-- case: two in one statement
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users, ADD CONSTRAINT paid FOREIGN KEY (payer) REFERENCES users (id) DEFERRABLE;

-- case: two without a name
ALTER TABLE orders ADD FOREIGN KEY (payer) REFERENCES users (id), ADD FOREIGN KEY (user_id) REFERENCES users (id);

-- case: two of one column
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id), ADD FOREIGN KEY (user_id) REFERENCES people (id);

-- case: of a new table
CREATE TABLE fresh (id bigint PRIMARY KEY, user_id bigint);
ALTER TABLE fresh ADD FOREIGN KEY (user_id) REFERENCES users;

-- case: to a new table
CREATE TABLE fresh (id bigint PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES fresh;

-- case: not proved
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;

-- case: of a table that is not known
ALTER TABLE elsewhere ADD FOREIGN KEY (user_id) REFERENCES users;

-- case: of a column that is new [no-transaction]
ALTER TABLE orders ADD COLUMN buyer bigint;
ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES users;

-- case: of a partitioned table, which takes it NOT VALID [pg18]
ALTER TABLE logs ADD CONSTRAINT logs_user FOREIGN KEY (user_id) REFERENCES users (id);

-- case: beside what locks both tables more strongly
ALTER TABLE orders DROP CONSTRAINT orders_payer_fkey, ADD CONSTRAINT paid FOREIGN KEY (payer) REFERENCES people (id) ON DELETE CASCADE;
