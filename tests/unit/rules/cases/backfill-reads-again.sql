-- given
CREATE TABLE orders (id bigint PRIMARY KEY, state text, total bigint, done boolean, note text);
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_open ON orders (id) WHERE note IS NULL;

-- case: OFFSET
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders ORDER BY id LIMIT 1000 OFFSET 5000);
DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY id OFFSET 5000);
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders LIMIT 1000);

-- case: a loop that searches [no-transaction]
DO $$ BEGIN LOOP
  UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND; COMMIT;
END LOOP; END $$;

-- case: a loop that an index helps [no-transaction]
DO $$ BEGIN LOOP
  UPDATE orders SET state = 'new' WHERE id IN (SELECT id FROM orders WHERE state IS NULL LIMIT 1000);
  UPDATE orders SET note = '' WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND; COMMIT;
END LOOP; END $$;

-- case: a loop that goes on from where it was [no-transaction]
DO $$ DECLARE last bigint := 0; BEGIN LOOP
  UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL AND id > last ORDER BY id LIMIT 1000);
  EXIT WHEN NOT FOUND; COMMIT;
END LOOP; END $$;

-- case: a loop that deletes what is marked [no-transaction]
DO $$ BEGIN LOOP
  DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE done LIMIT 1000);
  DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE orders.total IS NOT NULL LIMIT 1000);
  DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE lower(note) IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND; COMMIT;
END LOOP; END $$;

-- case: no loop
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 1000);

-- case: a block without a loop
DO $$ BEGIN
  UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 1000);
END $$;

-- case: of a table that is not known, and of a new one
CREATE TABLE fresh (id bigint, total bigint);
DO $$ BEGIN LOOP
  UPDATE fresh SET total = 0 WHERE id IN (SELECT id FROM fresh WHERE total IS NULL LIMIT 1000);
  UPDATE elsewhere SET total = 0 WHERE id IN (SELECT id FROM elsewhere WHERE total IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND;
END LOOP; END $$;
