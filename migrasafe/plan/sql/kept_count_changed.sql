-- Rows of {child} have come, gone, or moved to another row of {table}: one change for each of those, locked in the order of its key.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $kept$
BEGIN
  WITH
    change AS (
      SELECT {keys_as}, pg_catalog.sum(kept_one.kept_n) AS kept_n FROM ({rows}) AS kept_one
      WHERE {keys_given} GROUP BY {keys} HAVING pg_catalog.sum(kept_one.kept_n) <> 0
    ),
    locked AS MATERIALIZED (
      SELECT {target_keys}, change.kept_n FROM {table} AS here JOIN change ON {pairs}
      ORDER BY {order} FOR NO KEY UPDATE OF here
    )
  UPDATE {table} AS here SET {column} = here.{column} + locked.kept_n FROM locked WHERE {its_locked};
  RETURN NULL;
END $kept$
