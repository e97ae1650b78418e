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
