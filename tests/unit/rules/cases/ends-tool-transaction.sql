-- case: each
BEGIN;
COMMIT;
ROLLBACK;
SAVEPOINT one;
ROLLBACK TO SAVEPOINT one;
RELEASE SAVEPOINT one;
START TRANSACTION;
END;
ABORT;

-- case: where the tool has none [no-transaction]
BEGIN;
COMMIT;

-- case: in a block
DO $$ BEGIN COMMIT; END $$;

-- case: rolled back
ROLLBACK;
