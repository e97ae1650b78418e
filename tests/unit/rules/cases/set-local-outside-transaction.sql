-- given
CREATE TABLE orders (id bigint PRIMARY KEY);

-- case: each [no-transaction]
SET LOCAL lock_timeout = '2s';
SET LOCAL work_mem = '1GB';
SET lock_timeout = '2s';
BEGIN;
SET LOCAL lock_timeout = '2s';
COMMIT;
SET LOCAL statement_timeout TO DEFAULT;

-- case: inside
SET LOCAL lock_timeout = '2s';

-- case: in a body [no-transaction]
DO $$ BEGIN SET LOCAL lock_timeout = '2s'; END $$;
