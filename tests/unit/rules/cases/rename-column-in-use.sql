-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100) COLLATE "C" NOT NULL UNIQUE, age integer CHECK (age > 0), kind integer GENERATED ALWAYS AS IDENTITY);
CREATE INDEX users_email_age ON users (lower(email), age);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE VIEW adults AS SELECT id, email FROM users WHERE age > 17;
CREATE TABLE logs (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE parents (id bigint);
CREATE TABLE children (more text) INHERITS (parents);
CREATE TABLE things (id bigint, name text);
CREATE VIEW named AS SELECT name FROM things;
CREATE TABLE things_2 (id bigint, name text);
CREATE VIEW named_2 AS SELECT name FROM things_2;
CREATE TABLE things_2_table (id bigint);
CREATE TABLE listed (id bigint PRIMARY KEY, name text NOT NULL);
CREATE INDEX listed_name ON listed (name);
CREATE TABLE listed_name_new (id bigint);
CREATE TABLE worded (id bigint PRIMARY KEY, name text COLLATE "C");

-- case: with a key, a collation, an index and a view
ALTER TABLE users RENAME COLUMN email TO mail;

-- case: with a check
ALTER TABLE shop.carts RENAME user_id TO owner_id;

-- case: an identity, and what is referenced
ALTER TABLE users RENAME COLUMN kind TO sort;
ALTER TABLE users RENAME COLUMN id TO number;

-- case: of a view, a partitioned table and a parent
ALTER VIEW adults RENAME COLUMN email TO mail;
ALTER TABLE logs RENAME COLUMN at TO day;
ALTER TABLE parents RENAME COLUMN id TO number;

-- case: a view reads it
ALTER TABLE things RENAME COLUMN name TO title;

-- case: a view reads it, and the name beside is taken
ALTER TABLE things_2 RENAME COLUMN name TO title;

-- case: of a table or a column that is not known
ALTER TABLE elsewhere RENAME COLUMN name TO title;
ALTER TABLE things RENAME COLUMN ghost TO title;

-- case: of what is new
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh RENAME COLUMN id TO number;
ALTER TABLE things ADD COLUMN fresh text;
ALTER TABLE things RENAME COLUMN fresh TO fresher;

-- case: a view has both names
ALTER TABLE things RENAME COLUMN name TO title;
ALTER TABLE things RENAME TO things_table;
CREATE VIEW things AS SELECT *, title AS name FROM things_table;

-- case: a view has only the new name
ALTER TABLE things RENAME COLUMN name TO title;
ALTER TABLE things RENAME TO things_table;
CREATE VIEW things AS SELECT * FROM things_table;

-- case: a column takes the name
ALTER TABLE things RENAME COLUMN name TO title;
ALTER TABLE things ADD COLUMN name text;

-- case: two change places
ALTER TABLE users RENAME COLUMN email TO old_email;
ALTER TABLE users RENAME COLUMN age TO email;

-- case: in a DO block
DO $$ BEGIN ALTER TABLE things RENAME COLUMN name TO title; END $$;

-- case: an attribute, a constraint
ALTER TYPE address RENAME ATTRIBUTE street TO road;
ALTER TABLE users RENAME CONSTRAINT users_age_check TO users_age;

-- case: with a collation that the second column has, too
ALTER TABLE worded RENAME COLUMN name TO title;

-- case: never NULL, with an index for whose copy the first name is taken
ALTER TABLE listed RENAME COLUMN name TO title;
