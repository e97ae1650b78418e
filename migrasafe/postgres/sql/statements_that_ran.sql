-- Which statements did clients run in this database, and how often? (needs the extension pg_stat_statements)
SELECT s.query, s.calls
FROM pg_stat_statements AS s
WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  -- Statements inside of functions are the functions' own: PostgreSQL 14 and newer tell them apart.
  AND coalesce((to_jsonb(s) ->> 'toplevel')::boolean, true)
  AND s.query IS NOT NULL
ORDER BY s.calls DESC, s.query
