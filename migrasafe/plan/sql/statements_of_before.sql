-- No lock tells which statements call a function or cast to a type: those that began before this may, and are waited for.
DO $migrasafe$
DECLARE
  before text[] := ARRAY(
    SELECT virtualtransaction FROM pg_catalog.pg_locks JOIN pg_catalog.pg_stat_activity USING (pid)
    WHERE locktype = 'virtualxid' AND datname = pg_catalog.current_database() AND usesysid IS NOT NULL
      AND backend_type IS DISTINCT FROM 'walsender'  -- copies rows and logs, for hours, and calls nothing by name
      AND pid <> pg_catalog.pg_backend_pid());
  pids text;
BEGIN
  FOR turn IN 1..{turns} LOOP
    SELECT pg_catalog.string_agg(pid::text, ', ') INTO pids
    FROM pg_catalog.pg_locks WHERE locktype = 'virtualxid' AND virtualtransaction = ANY (before);
    IF pids IS NULL THEN
      RETURN;
    END IF;
    PERFORM pg_catalog.pg_sleep({seconds});
  END LOOP;
  RAISE lock_not_available USING MESSAGE = 'transactions that began before: pid ' || pids;
END $migrasafe$
