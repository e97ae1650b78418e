-- given
CREATE SCHEMA shop;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
CREATE TYPE address AS (street text, city text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 2 * a';
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE TABLE users (id bigint PRIMARY KEY, mood mood, other_mood shop.mood, moods mood[]);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, mood shop.mood DEFAULT 'sad');

-- case: each kind
ALTER TYPE mood RENAME TO feeling;
ALTER DOMAIN positive RENAME TO above_zero;
ALTER SEQUENCE numbers RENAME TO counters;
ALTER FUNCTION twice(bigint) RENAME TO double;
ALTER PROCEDURE tidy() RENAME TO clean;
ALTER ROUTINE twice RENAME TO double;
ALTER TYPE address RENAME ATTRIBUTE street TO road;
ALTER AGGREGATE middle(integer) RENAME TO median;

-- case: to another schema
ALTER TYPE mood SET SCHEMA shop;
ALTER FUNCTION twice(bigint) SET SCHEMA shop;
ALTER SEQUENCE numbers SET SCHEMA shop;
ALTER DOMAIN positive SET SCHEMA shop;

-- case: what is new
CREATE TYPE fresh AS ENUM ('one');
ALTER TYPE fresh RENAME TO fresher;
ALTER TYPE fresher RENAME VALUE 'one' TO 'two';
CREATE SEQUENCE fresh_numbers;
ALTER SEQUENCE fresh_numbers RENAME TO fresher_numbers;
CREATE FUNCTION fresh() RETURNS integer LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION fresh() RENAME TO fresher;

-- case: another is made under the old name
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('happy', 'sad', 'calm');

-- case: another with fewer labels is made under the old name
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('happy');

-- case: another function is made under the old name
ALTER FUNCTION twice(bigint) RENAME TO twice_old;
CREATE FUNCTION twice(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a + a';

-- case: a value that columns have
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE shop.mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE ghost RENAME VALUE 'sad' TO 'it''s blue';

-- case: a value in a DO block
DO $$ BEGIN ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; END $$;
