-- given
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, "B b" integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED ALWAYS AS (a * 3) STORED);

-- case: alone, and among others [pg17]
ALTER TABLE orders ALTER COLUMN "B b" SET EXPRESSION AS (a * 4);
ALTER TABLE orders ADD COLUMN more text, ALTER COLUMN c SET EXPRESSION AS (a * 4), ALTER COLUMN more SET DEFAULT 'x';
ALTER TABLE elsewhere ALTER COLUMN c SET EXPRESSION AS (a * 4);

-- case: in a DO block [pg17]
DO $$ BEGIN ALTER TABLE orders ALTER COLUMN c SET EXPRESSION AS (a * 4); END $$;
