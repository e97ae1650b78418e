-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);

-- case: left open [no-transaction]
BEGIN;
UPDATE orders SET note = '' WHERE id = 1;

-- case: committed, and chained [no-transaction]
BEGIN;
COMMIT;
BEGIN;
COMMIT AND CHAIN;

-- case: rolled back to a savepoint only [no-transaction]
BEGIN;
SAVEPOINT one;
ROLLBACK TO SAVEPOINT one;

-- case: in the tool's transaction
BEGIN;

-- case: prepared, and never committed [no-transaction]
BEGIN;
UPDATE orders SET note = '' WHERE id = 1;
PREPARE TRANSACTION 'one';
