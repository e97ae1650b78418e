-- How many rows of {child} belong to a row of {table}, counted now: what {column} has to be.
CREATE OR REPLACE FUNCTION {function}({arguments}) RETURNS bigint
  LANGUAGE plpgsql VOLATILE SET search_path = {search_path} AS $kept$
BEGIN
  -- Volatile, so that each call sees what has been committed until then, also by those whom its caller had to wait for.
  RETURN (SELECT pg_catalog.count(*) FROM {child} AS there WHERE {is_argument});
END $kept$
