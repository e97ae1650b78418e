-- since: 14
CREATE TABLE readings (at date NOT NULL, value int) PARTITION BY RANGE (at);
CREATE TABLE readings_2023 PARTITION OF readings FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE readings_2024 PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE readings DETACH PARTITION readings_2023 CONCURRENTLY;
ALTER TABLE readings ADD COLUMN note text, ALTER COLUMN note SET COMPRESSION pglz;
CREATE FUNCTION latest() RETURNS bigint BEGIN ATOMIC SELECT count(value) FROM readings WHERE at > '2024-01-01'; END;
ALTER TABLE readings RENAME COLUMN value TO measured;
ALTER TABLE readings RENAME TO measurements;
ALTER TABLE measurements DROP COLUMN measured CASCADE;
CREATE FUNCTION whole() RETURNS SETOF measurements LANGUAGE sql AS 'SELECT * FROM measurements';
CREATE FUNCTION counted(OUT n bigint) LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM measurements; END;
DROP TABLE measurements CASCADE;
CREATE TABLE checked (id int, CONSTRAINT own CHECK (id > 0) NO INHERIT);
CREATE TABLE copied (LIKE checked INCLUDING CONSTRAINTS);
CREATE TABLE below () INHERITS (checked);
CREATE OR REPLACE TRIGGER nothing AFTER INSERT ON readings_2023 FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger();
-- A sequence has no type of its name any more.
CREATE SCHEMA shared;
CREATE SEQUENCE shared.orders;
CREATE DOMAIN shared.orders AS bigint NOT NULL;
CREATE TABLE shared.held (id shared.orders DEFAULT nextval('shared.orders'));
ALTER SCHEMA shared RENAME TO later;
