-- given
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text, age integer);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total bigint, at date);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_name ON users (name, lower(email));
CREATE UNIQUE INDEX users_name_again ON users (name, lower(email));
CREATE INDEX users_age ON users (age);
CREATE INDEX users_age_name ON users (age, name);
CREATE INDEX users_lower ON users (lower(name));
CREATE INDEX orders_user ON orders (user_id, total);
CREATE INDEX orders_at ON orders (at);

-- case: the only unique one
DROP INDEX CONCURRENTLY users_email;

-- case: one of two unique ones
DROP INDEX CONCURRENTLY users_name;

-- case: both unique ones [no-transaction]
DROP INDEX CONCURRENTLY users_name;
DROP INDEX CONCURRENTLY users_name_again;

-- case: one for a foreign key
DROP INDEX CONCURRENTLY orders_user;

-- case: one for a foreign key that another takes the place of [no-transaction]
CREATE INDEX CONCURRENTLY orders_user_2 ON orders (user_id);
DROP INDEX CONCURRENTLY orders_user;

-- case: one for a column
DROP INDEX CONCURRENTLY orders_at;

-- case: one for a column that another finds
DROP INDEX CONCURRENTLY users_age;

-- case: one for an expression
DROP INDEX CONCURRENTLY users_lower;

-- case: made again
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (email);

-- case: made again over more
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email_2 ON users (email, name);

-- case: a unique constraint takes its place
DROP INDEX users_email;
ALTER TABLE users ADD UNIQUE (email);

-- case: the table goes too
DROP INDEX users_email;
DROP TABLE orders, users;

-- case: it is new, of a constraint, or not known
CREATE UNIQUE INDEX fresh ON users (age);
DROP INDEX fresh;
DROP INDEX users_pkey;
DROP INDEX ghost;
DROP INDEX IF EXISTS ghost;

-- case: two in one statement
DROP INDEX users_email, orders_at;
