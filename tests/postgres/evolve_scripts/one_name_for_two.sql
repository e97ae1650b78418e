-- since: 14 (before, a name without arguments was ambiguous between a function and a procedure)
-- A function, a procedure and a table of one name; a label that is empty; a domain with the longest of names.
CREATE PROCEDURE tidy() LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION tidy(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$;
ALTER PROCEDURE tidy RENAME TO sweep;
CREATE FUNCTION sweep(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$;
ALTER FUNCTION sweep SECURITY DEFINER;
DROP PROCEDURE sweep;
CREATE TABLE touched (id int PRIMARY KEY);
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TABLE items (id int REFERENCES touched);
CREATE TRIGGER touch AFTER DELETE ON items FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE touched RENAME TO moved;
ALTER TABLE moved RENAME TO touched;
ALTER FUNCTION touched() RENAME TO moved;
DROP TABLE touched CASCADE;
DROP FUNCTION moved CASCADE;
CREATE TYPE mood AS ENUM ('a', '', 'b');
ALTER TYPE mood ADD VALUE 'd' BEFORE '';
ALTER TYPE mood ADD VALUE 'e' AFTER '';
ALTER TYPE mood RENAME VALUE '' TO 'none';
ALTER TYPE mood ADD VALUE 'c' BEFORE 'b';
CREATE DOMAIN yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy AS int CHECK (VALUE > 0) CHECK (VALUE < 9);
