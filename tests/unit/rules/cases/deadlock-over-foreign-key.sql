-- given
CREATE TABLE users (id bigint PRIMARY KEY, name text, boss bigint REFERENCES users (id));
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), note text);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint REFERENCES orders (id));
CREATE TABLE loose (id bigint PRIMARY KEY);

-- case: the referenced one first
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN a text;

-- case: the referencing one first
ALTER TABLE orders ADD COLUMN a text;
ALTER TABLE users ADD COLUMN a text;

-- case: three of them
ALTER TABLE loose ADD COLUMN a text;
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE lines ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN a text;

-- case: locks that stop writers only
CREATE INDEX a ON users (name);
CREATE INDEX b ON orders (note);

-- case: one that stops writers before one that stops all
CREATE INDEX a ON orders (note);
ALTER TABLE users ADD COLUMN a text;

-- case: locked by hand
LOCK TABLE users, orders;
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN a text;

-- case: two that do not know each other
ALTER TABLE loose ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN a text;

-- case: the key is new, or gone before
ALTER TABLE loose ADD COLUMN user_id bigint REFERENCES users (id);
ALTER TABLE users ADD COLUMN a text;

-- case: apart [no-transaction]
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN a text;

-- case: with a commit between
BEGIN;
ALTER TABLE users ADD COLUMN a text;
COMMIT;
BEGIN;
ALTER TABLE orders ADD COLUMN a text;
COMMIT;

-- case: a table with itself
ALTER TABLE users ADD COLUMN a text;
ALTER TABLE users ADD COLUMN b text;
