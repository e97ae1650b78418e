-- since: 15
CREATE TABLE seats (row int, number int, holder text, UNIQUE NULLS NOT DISTINCT (row, number));
CREATE UNIQUE INDEX ON seats (holder) NULLS NOT DISTINCT;
ALTER TABLE seats ADD CONSTRAINT one_each UNIQUE NULLS NOT DISTINCT (holder, row);
CREATE SCHEMA audit;
CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA audit;
ALTER PUBLICATION of_schemas ADD TABLES IN SCHEMA public;
ALTER SCHEMA audit RENAME TO checks;
ALTER PUBLICATION of_schemas DROP TABLES IN SCHEMA checks;
CREATE PUBLICATION filtered FOR TABLE seats (row, number) WHERE (row > 1);
CREATE VIEW invoked WITH (security_invoker = true) AS SELECT holder FROM seats;
CREATE TABLE parted (id int) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TRIGGER same AFTER UPDATE ON parted FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TRIGGER same ON parted RENAME TO other;
ALTER TABLE parted DISABLE TRIGGER other;
DROP PUBLICATION filtered;
ALTER TABLE seats DROP COLUMN holder CASCADE;
