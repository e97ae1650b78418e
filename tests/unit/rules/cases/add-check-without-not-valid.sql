-- given
CREATE TABLE orders (id bigint PRIMARY KEY, a integer, note text);

-- case: each
ALTER TABLE orders ADD CHECK (a > 0);
alter table orders add constraint "My Check" check (a > 0) no inherit;
ALTER TABLE orders ADD COLUMN more text, ADD CHECK (a > 0 AND id > 0), ADD CHECK (note <> '');
ALTER TABLE orders ADD CHECK (a > 0) NOT VALID;
ALTER TABLE elsewhere ADD CHECK (a > 0);
CREATE TABLE fresh (a integer);
ALTER TABLE fresh ADD CHECK (a > 0);

-- case: in a DO block
DO $$ BEGIN ALTER TABLE orders ADD CHECK (a > 0); END $$;
