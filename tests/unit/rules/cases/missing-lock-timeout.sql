-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE users (id bigint PRIMARY KEY, note text);

-- case: why there is none
ALTER TABLE orders ADD COLUMN a text;
SET lock_timeout = '2s';

-- case: zero
SET lock_timeout = 0;
ALTER TABLE orders ADD COLUMN a text;

-- case: the default
SET lock_timeout TO DEFAULT;
ALTER TABLE orders ADD COLUMN a text;

-- case: reset
SET lock_timeout = '2s';
RESET lock_timeout;
ALTER TABLE orders ADD COLUMN a text;

-- case: local to another transaction [no-transaction]
BEGIN;
SET LOCAL lock_timeout = '2s';
COMMIT;
BEGIN;
ALTER TABLE orders ADD COLUMN a text;
COMMIT;
ALTER TABLE orders ADD COLUMN b text;

-- case: rolled back [no-transaction]
BEGIN;
SET lock_timeout = '2s';
ROLLBACK;
ALTER TABLE orders ADD COLUMN a text;

-- case: set by a function
SELECT set_config('lock_timeout', '2s', true);
ALTER TABLE orders ADD COLUMN a text;

-- case: set for the session [no-transaction]
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN a text;
SET lock_timeout = 'default';
ALTER TABLE orders ADD COLUMN b text;

-- case: set to what cannot be told
SELECT set_config('lock_timeout', current_setting('my.limit'), true);
ALTER TABLE orders ADD COLUMN a text;

-- case: once in a transaction
ALTER TABLE orders ADD COLUMN a text;
ALTER TABLE orders ADD COLUMN b text;
ALTER TABLE users ADD COLUMN a text;

-- case: after a weak lock, and a new table
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ADD COLUMN a text;
CREATE INDEX orders_note ON orders (note);
ALTER TABLE users ADD COLUMN a text;

-- case: weak locks
CREATE INDEX orders_note ON orders (note);
UPDATE orders SET note = '' WHERE id = 1;
SELECT * FROM orders;

-- case: where it may stand
  -- migrasafe: allow drop-table-in-use because it is not used
  DROP TABLE users; ALTER TABLE orders ADD COLUMN a text;

-- case: behind another statement on its line
SELECT 1; alter table orders add column a text;

-- case: for other tools [drizzle]
ALTER TABLE orders ADD COLUMN a text;

-- case: for a tool that opens a transaction [flyway]
ALTER TABLE orders ADD COLUMN a text;

-- case: in a DO block
DO $$ BEGIN ALTER TABLE orders ADD COLUMN a text; END $$;

-- case: in the script's own transaction [no-transaction]
BEGIN;
ALTER TABLE orders ADD COLUMN a text;
COMMIT;
