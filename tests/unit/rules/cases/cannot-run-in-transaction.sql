-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE FUNCTION build() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE INDEX CONCURRENTLY a ON orders (note); END $$;

-- case: in the tool's transaction
CREATE INDEX CONCURRENTLY a ON orders (note);
VACUUM orders;
CALL tidy();

-- case: in the script's own [no-transaction]
BEGIN;
CREATE INDEX CONCURRENTLY a ON orders (note);
REINDEX TABLE CONCURRENTLY orders;
COMMIT;

-- case: in a body [no-transaction]
DO $$ BEGIN CREATE INDEX CONCURRENTLY a ON orders (note); END $$;
SELECT build();
DO $$ BEGIN COMMIT; END $$;

-- case: for tools with a word for it [goose]
CREATE INDEX CONCURRENTLY a ON orders (note);

-- case: for tools that send a file at once [golang-migrate]
DROP INDEX orders_a, orders_b;
CREATE INDEX CONCURRENTLY a ON orders (note);

-- case: several statements in one message [flyway]
CREATE INDEX CONCURRENTLY a ON orders (note);
SELECT 1;
