-- given
CREATE SCHEMA shop;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);
CREATE TABLE shop."My Carts" (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (9);

-- case: columns
ALTER TABLE orders ADD COLUMN d bigserial PRIMARY KEY;
ALTER TABLE orders ADD COLUMN r bigint CONSTRAINT key_r PRIMARY KEY;
ALTER TABLE orders ADD COLUMN c serial, ADD COLUMN d serial;

-- given
CREATE TABLE orders (id bigint, a integer NOT NULL, note text);
CREATE TABLE keyed (id bigint PRIMARY KEY, a integer);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);

-- case: keys of the table
ALTER TABLE orders ADD PRIMARY KEY (id);
ALTER TABLE orders ADD CONSTRAINT "My Key" PRIMARY KEY (a) INCLUDE (note);
ALTER TABLE orders ADD COLUMN more text, ADD PRIMARY KEY (id, a);
ALTER TABLE orders ADD COLUMN fresh bigint, ADD PRIMARY KEY (fresh);
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey, ADD PRIMARY KEY (a);
ALTER TABLE logs ADD PRIMARY KEY (id);

-- case: on a version with NOT NULL constraints [pg18]
ALTER TABLE orders ADD PRIMARY KEY (id);
