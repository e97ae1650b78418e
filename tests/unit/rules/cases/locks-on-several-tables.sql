-- given
CREATE TABLE a (id bigint PRIMARY KEY, note text);
CREATE TABLE b (id bigint PRIMARY KEY, note text);
CREATE TABLE c (id bigint PRIMARY KEY, note text);

-- case: said once
ALTER TABLE a ADD COLUMN x text;
ALTER TABLE a ADD COLUMN y text;
ALTER TABLE b ADD COLUMN x text;
ALTER TABLE c ADD COLUMN x text;

-- case: with a limit
SET lock_timeout = '2s';
CREATE INDEX a_note ON a (note);
ALTER TABLE b ADD COLUMN x text;

-- case: two in one statement
DROP TABLE a, b;
LOCK TABLE c;

-- case: weak ones, new ones, and none
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ADD COLUMN x text;
UPDATE a SET note = '' WHERE id = 1;
ALTER TABLE b ADD COLUMN x text;
SELECT * FROM c;
CREATE TABEL d;
