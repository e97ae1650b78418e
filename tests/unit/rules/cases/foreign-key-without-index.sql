-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, "Boss Id" bigint, email text, total bigint);
CREATE INDEX orders_email ON orders (email);
CREATE INDEX orders_total_user ON orders (total, user_id);
CREATE TABLE shop.carts (id bigint PRIMARY KEY REFERENCES users (id), user_id bigint REFERENCES users (id));
CREATE TABLE logs (id bigint, user_id bigint) PARTITION BY RANGE (id);

-- case: each
ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY ("Boss Id") REFERENCES users (id) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (email) REFERENCES users (email) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT d FOREIGN KEY (id) REFERENCES users (id) NOT VALID;
ALTER TABLE shop.carts ADD COLUMN boss bigint REFERENCES users;
ALTER TABLE logs ADD FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE orders ADD COLUMN more text;
CREATE TABLE fresh (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), order_id bigint REFERENCES orders (id) UNIQUE);

-- case: an index follows, or the key goes again
ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
CREATE INDEX orders_user ON orders (user_id);
ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY ("Boss Id") REFERENCES users (id) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT b;

-- case: between new tables
CREATE TABLE parents (id bigint PRIMARY KEY);
CREATE TABLE children (id bigint PRIMARY KEY, parent_id bigint REFERENCES parents (id), a bigint);
ALTER TABLE children ADD FOREIGN KEY (a) REFERENCES parents (id);

-- case: outside a transaction, for a tool [no-transaction goose]
ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
