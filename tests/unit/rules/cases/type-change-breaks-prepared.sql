-- given
CREATE TABLE orders (id bigint PRIMARY KEY, code varchar(10), note text, total numeric(5, 2));
CREATE VIEW codes AS SELECT code FROM orders;
CREATE TABLE plain (id bigint PRIMARY KEY, code varchar(10), note text, total numeric(5, 2));

-- case: each
ALTER TABLE plain ALTER COLUMN code TYPE varchar(20);
ALTER TABLE plain ALTER COLUMN code TYPE varchar(20);
ALTER TABLE plain ADD COLUMN more text, ALTER COLUMN total TYPE numeric(7, 2);
ALTER TABLE plain ALTER COLUMN note TYPE varchar;
ALTER TABLE plain ALTER COLUMN note TYPE integer USING 5;
ALTER TABLE plain ALTER COLUMN ghost TYPE integer;
ALTER TABLE elsewhere ALTER COLUMN code TYPE varchar(20);

-- case: of what is new
ALTER TABLE plain ADD COLUMN fresh varchar(5);
ALTER TABLE plain ALTER COLUMN fresh TYPE varchar(6);
CREATE TABLE fresh (code varchar(5));
ALTER TABLE fresh ALTER COLUMN code TYPE varchar(6);

-- case: of another collation
ALTER TABLE plain ALTER COLUMN code TYPE varchar(20) COLLATE "C";
CREATE INDEX plain_note ON plain (note);
ALTER TABLE plain ALTER COLUMN note TYPE varchar COLLATE "C";
