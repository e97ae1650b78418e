-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE INDEX "Orders Note" ON orders (note);
CREATE TABLE shop.keyless (id bigint);
CREATE MATERIALIZED VIEW counted AS SELECT 1 AS one;
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);

-- case: each
ALTER TABLE orders SET TABLESPACE fast;
ALTER TABLE shop.keyless SET TABLESPACE "Fast Disk";
ALTER INDEX "Orders Note" SET TABLESPACE "Fast Disk";
ALTER INDEX shop.ghost SET TABLESPACE fast;
ALTER MATERIALIZED VIEW counted SET TABLESPACE fast;
ALTER TABLE logs SET TABLESPACE fast;
ALTER TABLE elsewhere SET TABLESPACE fast;

-- case: on a version that cannot move an index [pg12-13]
ALTER INDEX "Orders Note" SET TABLESPACE fast;

-- case: in a DO block
DO $$ BEGIN ALTER TABLE shop.keyless SET TABLESPACE fast; END $$;
