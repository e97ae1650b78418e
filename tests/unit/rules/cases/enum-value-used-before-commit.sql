-- given
CREATE SCHEMA shop;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (id bigint PRIMARY KEY, mood mood);

-- case: used
ALTER TYPE mood ADD VALUE 'calm';
UPDATE users SET mood = 'calm' WHERE id = 1;

-- case: used in a default, twice
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'cool';
INSERT INTO users VALUES (1, 'calm'), (2, 'cool');
INSERT INTO users VALUES (3, 'calm');

-- case: used in a function that is only made
ALTER TYPE mood ADD VALUE 'calm';
CREATE FUNCTION calm() RETURNS mood LANGUAGE plpgsql AS $$ BEGIN RETURN 'calm'; END $$;

-- case: used in a function in SQL
ALTER TYPE mood ADD VALUE 'calm';
CREATE FUNCTION calm() RETURNS mood LANGUAGE sql RETURN 'calm'::mood;

-- case: another is used, or before
INSERT INTO users VALUES (1, 'calm');
ALTER TYPE mood ADD VALUE 'calm';
INSERT INTO users VALUES (1, 'happy');

-- case: behind a commit
ALTER TYPE mood ADD VALUE 'calm';
COMMIT;
INSERT INTO users VALUES (1, 'calm');

-- case: behind a rollback of the script's own transaction [no-transaction]
BEGIN;
ALTER TYPE mood ADD VALUE 'calm';
ROLLBACK;
INSERT INTO users VALUES (1, 'calm');

-- case: without a transaction [no-transaction]
ALTER TYPE mood ADD VALUE 'calm';
INSERT INTO users VALUES (1, 'calm');

-- case: of a type made in the same transaction
CREATE TYPE fresh AS ENUM ('one');
ALTER TYPE fresh ADD VALUE 'two';
SELECT 'two'::fresh;

-- case: of a type made in the same transaction, on a version that takes it [pg17]
CREATE TYPE fresh AS ENUM ('one');
ALTER TYPE fresh ADD VALUE 'two';
SELECT 'two'::fresh;

-- case: of a type that was there, on that version [pg17]
ALTER TYPE mood ADD VALUE 'calm';
SELECT 'calm'::mood;

-- case: of a type that is not known [pg17]
ALTER TYPE shop.ghost ADD VALUE 'calm';
SELECT 'calm'::shop.ghost;

-- case: in a DO block
DO $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; INSERT INTO users VALUES (1, 'calm'); END $$;

-- case: returned by a function in SQL, and read in one
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
CREATE FUNCTION calm() RETURNS mood LANGUAGE sql RETURN 'calm'::mood;
CREATE FUNCTION cool() RETURNS mood LANGUAGE sql BEGIN ATOMIC SELECT 'cool'::mood; END;

-- case: the default of an argument
ALTER TYPE mood ADD VALUE 'calm';
CREATE FUNCTION kept(m mood DEFAULT 'calm') RETURNS mood LANGUAGE plpgsql AS $$ BEGIN RETURN m; END $$;

-- case: declared and assigned in a DO block
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
DO $$ DECLARE m mood := 'calm'; BEGIN m := 'cool'; END $$;

-- case: in a rule, and in statistics
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
CREATE RULE quiet AS ON UPDATE TO users WHERE NEW.mood = 'calm' DO INSTEAD NOTHING;
CREATE STATISTICS cool ON (mood = 'cool'), (id + 1) FROM users;

-- case: prepared, explained, in a cursor
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
ALTER TYPE mood ADD VALUE 'chill';
PREPARE q AS SELECT 'calm'::mood;
EXPLAIN SELECT 'cool'::mood;
DECLARE c CURSOR FOR SELECT 'chill'::mood;

-- case: in an array, and in a row
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
SELECT '{sad,calm}'::mood[];
SELECT '("cool",1)'::pair;

-- case: only named
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'very calm' AFTER 'calm';
COMMENT ON TYPE mood IS 'calm';
SET app.mood = 'calm';
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'calm') THEN RAISE EXCEPTION 'calm is missing'; END IF;
    ALTER TYPE shop.other ADD VALUE IF NOT EXISTS 'calm';
END $$;

-- case: as text
ALTER TYPE mood ADD VALUE 'calm';
CREATE TABLE log (message text DEFAULT 'calm' CHECK (message <> 'calm'), said varchar(9));
INSERT INTO log (message) VALUES ('calm');
INSERT INTO log SELECT 'calm', 'calm';
INSERT INTO log VALUES ('x', 'calm') ON CONFLICT (message) DO UPDATE SET message = 'calm';
UPDATE log SET message = 'calm' WHERE said IN ('x', 'calm');
DELETE FROM log USING users u WHERE 'calm' = log.said AND u.mood::text = 'calm';
ALTER TABLE log ALTER said SET DEFAULT 'calm', ADD CHECK (said::text = ANY (ARRAY['calm'::varchar]::text[])), ADD more text DEFAULT 'calm';
CREATE INDEX ON log (said) WHERE message = 'calm';

-- case: as text, and as the label
ALTER TYPE mood ADD VALUE 'calm';
CREATE TABLE log (message text, mood mood);
INSERT INTO log VALUES ('calm', 'calm');

-- case: compared with a column of another table
ALTER TYPE mood ADD VALUE 'calm';
CREATE TABLE log (message text);
UPDATE log SET message = 'x' FROM users WHERE mood = 'calm';

-- case: as text that a trigger makes a label of
ALTER TYPE mood ADD VALUE 'calm';
CREATE TABLE log (message text, mood mood);
CREATE FUNCTION feel() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mood := NEW.message::mood; RETURN NEW; END $$;
CREATE TRIGGER feel BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION feel();
INSERT INTO log (message) VALUES ('calm');

-- case: in a column that is of text no more at the end
ALTER TYPE mood ADD VALUE 'calm';
CREATE TABLE log (message text);
INSERT INTO log VALUES ('calm');
ALTER TABLE log ALTER message TYPE mood USING message::mood;

-- case: in a table that is not known, and under names given in the query
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE 'cool';
INSERT INTO ghosts (message) VALUES ('calm');
CREATE TABLE log (message text);
SELECT FROM log, users u (a, message) WHERE u.message = 'cool';
