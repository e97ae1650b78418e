-- Of several functions of one name one goes, with what calls it: the rest of what calls that name stays.
CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a int, b int, c int DEFAULT 1) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(VARIADIC a date[]) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE TABLE calls (i int, s text, sm smallint, v varchar(9), d date,
    none int DEFAULT f(), one int DEFAULT f(1), word int DEFAULT f('x'), nothing int DEFAULT f(NULL), minus int DEFAULT f(-1),
    two int DEFAULT f(1, 2), three int DEFAULT f(1, 2, 3), named int DEFAULT f(b => 1, a => 2), cast_to int DEFAULT f('1'::int),
    made int GENERATED ALWAYS AS (f(i)) STORED, made_of_text int GENERATED ALWAYS AS (f(s)) STORED,
    CONSTRAINT of_int CHECK (f(i) > 0), CONSTRAINT of_small CHECK (f(sm) > 0), CONSTRAINT of_text CHECK (f(s) > 0),
    CONSTRAINT of_varchar CHECK (f(v) > 0), CONSTRAINT of_both CHECK (f(s || 'x') > f(i + 1)), CONSTRAINT of_dates CHECK (f(d, d, d) > 0));
CREATE INDEX by_int ON calls (f(i));
CREATE INDEX by_text ON calls (i) WHERE f(v) > 0;
CREATE VIEW shown AS SELECT f(i) AS n FROM calls;
CREATE VIEW shown_text AS SELECT f(s) AS n FROM calls;
CREATE POLICY some_rows ON calls USING (f(i) > 0);
CREATE POLICY other_rows ON calls USING (f(s) > 0);
DROP FUNCTION f(int) CASCADE;
DROP FUNCTION f() CASCADE;
DROP FUNCTION f(int, int, int) CASCADE;
DROP FUNCTION f(date[]) CASCADE;
DROP FUNCTION f(text) CASCADE;
