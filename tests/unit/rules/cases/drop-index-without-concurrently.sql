-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email ON users (email);
CREATE INDEX users_name ON users (name);
CREATE TABLE shop.carts (id bigint, note text);
CREATE INDEX "Carts Note" ON shop.carts (note);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
CREATE INDEX logs_id ON logs (id);

-- case: one
DROP INDEX users_email;

-- case: one without a transaction [no-transaction]
drop index if exists shop."Carts Note";

-- case: several
DROP INDEX users_email, users_name, shop."Carts Note";
DROP INDEX IF EXISTS users_email, users_name;

-- case: with what depends on it
DROP INDEX users_email CASCADE;

-- case: of a partitioned table, of a new one
DROP INDEX logs_id;
CREATE TABLE fresh (id bigint);
CREATE INDEX fresh_id ON fresh (id);
DROP INDEX fresh_id;

-- case: not known
DROP INDEX ghost;
DROP INDEX IF EXISTS ghost;
DROP INDEX shop.ghost;

-- case: in a DO block
DO $$ BEGIN DROP INDEX users_email; END $$;

-- case: in a transaction of the script [no-transaction]
BEGIN;
DROP INDEX users_email;
COMMIT;
