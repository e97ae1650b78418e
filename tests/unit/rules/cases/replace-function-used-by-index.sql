-- given
CREATE SCHEMA shop;
CREATE FUNCTION slug(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(a)';
CREATE FUNCTION shop.twice(a bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT 2 * a';
CREATE FUNCTION unused(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT a';
CREATE TABLE posts (id bigint PRIMARY KEY, title text, short text GENERATED ALWAYS AS (slug(title)) STORED, CONSTRAINT sluggish CHECK (slug(title) <> ''));
CREATE INDEX posts_slug ON posts (slug(title));
CREATE INDEX posts_some ON posts (id) WHERE slug(title) > 'm';
CREATE TABLE shop.carts (id bigint PRIMARY KEY, total bigint);
CREATE INDEX carts_twice ON shop.carts (shop.twice(total));

-- case: another body
CREATE OR REPLACE FUNCTION slug(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper(a)';
CREATE OR REPLACE FUNCTION shop.twice(a bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT a + a';
CREATE OR REPLACE FUNCTION unused(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper(a)';

-- case: the same body
CREATE OR REPLACE FUNCTION slug(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(a)';

-- case: another volatility
CREATE OR REPLACE FUNCTION slug(a text) RETURNS text STABLE LANGUAGE sql AS 'SELECT lower(a)';
ALTER FUNCTION shop.twice(bigint) VOLATILE;
ALTER FUNCTION unused(text) VOLATILE;

-- case: immutable as it was
ALTER FUNCTION slug(text) IMMUTABLE;
ALTER FUNCTION slug(text) STRICT;

-- case: a new function, and an overload
CREATE FUNCTION fresh(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT a';
CREATE OR REPLACE FUNCTION slug(a integer) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT a::text';

-- case: of a new index
CREATE TABLE fresh (id bigint, title text);
CREATE INDEX fresh_unused ON fresh (unused(title));
CREATE OR REPLACE FUNCTION unused(a text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper(a)';
