-- given
CREATE SCHEMA shop;
CREATE TABLE orders (a text);

-- case: each way to get a column
CREATE TABLE one (id integer PRIMARY KEY, a char(5), b money, c json, d timestamp, e varchar(5), f varchar, g timestamptz, h jsonb, i serial, j bigserial, k text, l char, m "char", n json[]);
CREATE TABLE two (id integer, number serial, PRIMARY KEY (id));
CREATE TABLE three (a smallint, b integer, PRIMARY KEY (a, b));
CREATE TABLE four (id serial PRIMARY KEY);
CREATE TABLE five (id bigint PRIMARY KEY, small smallserial);
CREATE TEMP TABLE six (id integer PRIMARY KEY, a char(5), b money, c json, d timestamp, e varchar(5), i serial);
ALTER TABLE orders ADD COLUMN b char(5), ADD COLUMN c money, ADD COLUMN d json, ADD COLUMN e timestamp, ADD COLUMN f varchar(5), ADD COLUMN g serial;
ALTER TABLE orders ADD COLUMN id integer, ADD PRIMARY KEY (id);
ALTER TABLE orders ADD COLUMN number smallint PRIMARY KEY;
ALTER TABLE shop.elsewhere ALTER COLUMN a TYPE char(5), ALTER COLUMN a TYPE money, ALTER COLUMN a TYPE json, ALTER COLUMN a TYPE timestamp, ALTER COLUMN a TYPE varchar(5);
ALTER TABLE pg_temp.six ADD COLUMN more char(5);
ALTER TYPE composite ADD ATTRIBUTE a char(5);
