\set ON_ERROR_STOP on
-- Who holds a lock on a table: what a step says when it gives up waiting.
CREATE OR REPLACE FUNCTION pg_temp.in_the_way(VARIADIC tables regclass[]) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('pid %s (%s, %s for %s)', pid, application_name, state,
           date_trunc('second', clock_timestamp() - xact_start)), '; ')
  FROM pg_stat_activity
  WHERE pid IN (SELECT pid FROM pg_locks WHERE relation = ANY (tables) AND granted) AND pid <> pg_backend_pid()
$$;
