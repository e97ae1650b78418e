-- Which table does a name mean?
SELECT c.oid::bigint, n.nspname, c.relname, c.relkind::text, c.relpersistence::text
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(:name);
