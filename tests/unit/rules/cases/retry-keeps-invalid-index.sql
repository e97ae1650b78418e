-- given
CREATE SCHEMA shop;
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE shop.carts (id bigint PRIMARY KEY, note text);
CREATE INDEX there ON orders (note);

-- case: each [no-transaction]
CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON orders (note);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS b ON orders (note);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "C" ON shop.carts (note);
CREATE INDEX CONCURRENTLY IF NOT EXISTS d ON elsewhere (note);

-- case: not so [no-transaction]
CREATE INDEX CONCURRENTLY a ON orders (note);
CREATE INDEX IF NOT EXISTS b ON orders (note);
CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON orders (note);
CREATE TABLE fresh (id bigint);
CREATE INDEX CONCURRENTLY IF NOT EXISTS c ON fresh (id);

-- case: dropped before, or built again [no-transaction]
DROP INDEX CONCURRENTLY IF EXISTS a;
CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON orders (note);
CREATE INDEX CONCURRENTLY IF NOT EXISTS b ON orders (note);
REINDEX INDEX CONCURRENTLY b;

-- case: dropped in a block before [no-transaction]
DO $$ BEGIN IF EXISTS (SELECT FROM pg_index WHERE NOT indisvalid) THEN DROP INDEX a; END IF; END $$;
CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON orders (note);

-- case: another dropped or built again [no-transaction]
DROP INDEX CONCURRENTLY IF EXISTS other;
DO $$ BEGIN DROP INDEX other; END $$;
CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON orders (note);
REINDEX INDEX CONCURRENTLY other;
DROP INDEX CONCURRENTLY IF EXISTS a;
