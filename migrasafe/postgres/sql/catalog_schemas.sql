-- Which schemas are there?
SELECT nspname AS name
FROM pg_namespace
WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
ORDER BY nspname
