-- given
CREATE TABLE orders (id bigint PRIMARY KEY, total bigint, note text);
CREATE TABLE old_orders (id bigint PRIMARY KEY, total bigint);

-- case: each verb
UPDATE orders SET total = 0;
UPDATE orders SET total = 0 WHERE total IS NULL;
DELETE FROM orders;
DELETE FROM orders WHERE total = 5;
SELECT * FROM orders FOR UPDATE;
SELECT * FROM orders WHERE total > 5 FOR NO KEY UPDATE;
MERGE INTO orders o USING old_orders p ON o.id = p.id WHEN MATCHED THEN UPDATE SET total = p.total;
UPDATE orders o SET total = p.total FROM old_orders p WHERE p.id = o.id;
DELETE FROM orders o USING old_orders p WHERE p.id = o.id;

-- case: few rows
UPDATE orders SET total = 0 WHERE id = 5;
UPDATE orders SET total = 0 WHERE id IN (1, 2, 3);
SELECT * FROM orders WHERE id = 1 FOR UPDATE;
INSERT INTO orders VALUES (1);
UPDATE orders SET total = 0 WHERE false;

-- case: one batch
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 1000);
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 100000);
UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT 100001);
UPDATE orders SET total = 0 WHERE total IN (SELECT id FROM old_orders LIMIT 10);

-- case: in batches that commit [no-transaction]
DO $$ BEGIN LOOP
  UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE id > 5 AND total IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND;
  COMMIT;
END LOOP; END $$;

-- case: in batches that do not commit
DO $$ BEGIN LOOP
  UPDATE orders SET total = 0 WHERE id IN (SELECT id FROM orders WHERE id > 5 AND total IS NULL LIMIT 1000);
  EXIT WHEN NOT FOUND;
END LOOP; END $$;

-- case: of a new table, of the catalog, of one that is not known
CREATE TABLE fresh (id bigint);
UPDATE fresh SET id = 1;
UPDATE pg_catalog.pg_class SET relname = 'x';
UPDATE pg_index SET indisvalid = false;
UPDATE elsewhere SET id = 1;

-- case: a subquery that reads no table
UPDATE orders SET total = (SELECT 5 LIMIT 1);
DELETE FROM orders WHERE id IN (SELECT o.id FROM old_orders p, orders o LIMIT 1000);

-- case: in several lines
DELETE FROM orders
  USING users
  WHERE users.id = orders.user_id
    AND users.id > 5;
