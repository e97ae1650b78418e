-- Which locks on relations of this database does a session hold, or wait for?
SELECT relation, mode
FROM pg_catalog.pg_locks
WHERE pid = %s
  AND locktype = 'relation'
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
