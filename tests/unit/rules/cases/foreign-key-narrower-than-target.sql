-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY, number integer UNIQUE, code smallint UNIQUE, email text UNIQUE);
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id integer, small smallint, number integer, ids integer[], email varchar(20), loose bigint);
CREATE TABLE shop.carts (id integer PRIMARY KEY, user_number integer REFERENCES users (number), order_id bigint REFERENCES orders);
CREATE TABLE shop.lines (id serial PRIMARY KEY, cart_id integer REFERENCES shop.carts);

-- case: to each type
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
ALTER TABLE orders ADD FOREIGN KEY (small) REFERENCES users (number) NOT VALID;
ALTER TABLE orders ADD FOREIGN KEY (number) REFERENCES users (code) NOT VALID;
ALTER TABLE orders ADD FOREIGN KEY (email) REFERENCES users (email) NOT VALID;
ALTER TABLE orders ADD FOREIGN KEY (loose) REFERENCES users (id) NOT VALID;
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES elsewhere (id) NOT VALID;

-- case: a new column
ALTER TABLE orders ADD COLUMN payer integer REFERENCES users;
ALTER TABLE orders ADD COLUMN buyer bigint REFERENCES users, ADD COLUMN seller smallint REFERENCES users (number);

-- case: a new table
CREATE TABLE fresh (id serial PRIMARY KEY, user_id int REFERENCES users, cart bigint REFERENCES shop.carts, small smallserial REFERENCES users (number));
CREATE TABLE fresher (id bigint PRIMARY KEY, fresh_id smallint REFERENCES fresh);

-- case: over two columns
CREATE TABLE pairs (a bigint, b bigint, PRIMARY KEY (a, b));
CREATE TABLE halves (a bigint, b integer, FOREIGN KEY (a, b) REFERENCES pairs);

-- case: the key gets wider
ALTER TABLE users ALTER COLUMN number TYPE bigint;
ALTER TABLE shop.carts ALTER COLUMN id TYPE bigint;

-- case: the key gets wider, and what points at it after it
ALTER TABLE shop.carts ALTER COLUMN id TYPE bigint;
ALTER TABLE shop.lines ALTER COLUMN cart_id TYPE bigint;

-- case: the key gets wider for those that are wide, and another type
ALTER TABLE users ALTER COLUMN code TYPE integer;
ALTER TABLE users ALTER COLUMN number TYPE text;

-- case: what points at it gets narrower
ALTER TABLE shop.carts ALTER COLUMN order_id TYPE integer;

-- case: it was so before
ALTER TABLE orders ADD CONSTRAINT narrow FOREIGN KEY (user_id) REFERENCES users NOT VALID;
ALTER TABLE orders ADD COLUMN more bigint REFERENCES users;

-- case: it goes again
ALTER TABLE orders ADD CONSTRAINT narrow FOREIGN KEY (user_id) REFERENCES users NOT VALID;
ALTER TABLE orders DROP CONSTRAINT narrow;
