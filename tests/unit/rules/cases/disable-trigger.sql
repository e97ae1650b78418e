-- given
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), note text);
CREATE TABLE notes (id bigint PRIMARY KEY, body text);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watching BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION watch();

-- case: one, the user's and all
ALTER TABLE orders DISABLE TRIGGER watching;
ALTER TABLE orders DISABLE TRIGGER USER;
ALTER TABLE orders DISABLE TRIGGER ALL;

-- case: enabled again
ALTER TABLE orders DISABLE TRIGGER watching;
UPDATE orders SET note = '' WHERE id = 1;
ALTER TABLE orders ENABLE TRIGGER watching;

-- case: enabled again by more than was disabled
ALTER TABLE orders DISABLE TRIGGER watching;
ALTER TABLE orders DISABLE TRIGGER USER;
ALTER TABLE orders ENABLE TRIGGER ALL;

-- case: another one is enabled
ALTER TABLE orders DISABLE TRIGGER watching;
ALTER TABLE orders ENABLE TRIGGER other;
ALTER TABLE notes ENABLE TRIGGER watching;

-- case: enabled too late [no-transaction]
ALTER TABLE orders DISABLE TRIGGER watching;
ALTER TABLE orders ENABLE TRIGGER watching;

-- case: all, while a key is written
ALTER TABLE orders DISABLE TRIGGER ALL;
UPDATE orders SET user_id = 5 WHERE id = 1;
ALTER TABLE orders ENABLE TRIGGER ALL;

-- case: all, while something else is written
ALTER TABLE orders DISABLE TRIGGER ALL;
UPDATE orders SET note = '' WHERE id = 1;
UPDATE notes SET body = '' WHERE id = 1;
ALTER TABLE orders ENABLE TRIGGER ALL;

-- case: all, while rows with a foreign key come in
ALTER TABLE orders DISABLE TRIGGER ALL;
INSERT INTO orders VALUES (1, 2);
ALTER TABLE orders ENABLE TRIGGER ALL;

-- case: all, while rows go that others point at
ALTER TABLE users DISABLE TRIGGER ALL;
DELETE FROM users WHERE id = 1;
ALTER TABLE users ENABLE TRIGGER ALL;

-- case: all, on a table without keys
ALTER TABLE notes DISABLE TRIGGER ALL;
DELETE FROM notes WHERE id = 1;
ALTER TABLE notes ENABLE TRIGGER ALL;

-- case: all, on a table that is not known
ALTER TABLE elsewhere DISABLE TRIGGER ALL;
UPDATE elsewhere SET a = 1 WHERE id = 1;
ALTER TABLE elsewhere ENABLE TRIGGER ALL;

-- case: on a new table, and a rule
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh DISABLE TRIGGER ALL;
ALTER TABLE orders DISABLE RULE one;
ALTER TABLE orders ENABLE REPLICA TRIGGER watching;

-- case: among other actions
ALTER TABLE orders ADD COLUMN more text, DISABLE TRIGGER USER;

-- case: the session takes itself for a replica
SET session_replication_role = replica;
CREATE TABLE fresh (id bigint);
INSERT INTO fresh VALUES (1);
INSERT INTO notes VALUES (1);
INSERT INTO orders VALUES (1);

-- case: a replica that writes nothing that was there
SET session_replication_role = replica;
CREATE TABLE fresh (id bigint);
INSERT INTO fresh VALUES (1);

-- case: no replica any more
SET session_replication_role = origin;
INSERT INTO notes VALUES (1);
