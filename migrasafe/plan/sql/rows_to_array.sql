-- The new version has written {child}: {column} of {table} has its elements, in their order. The rows are locked first, and read
-- in a statement of its own, which sees what those have written whom it had to wait for.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF pg_catalog.current_setting({quiet}, true) = 'yes' THEN
    RETURN NULL;
  END IF;
  PERFORM FROM {table} AS here WHERE {here_key} IN ({keys}) ORDER BY {here_order} FOR NO KEY UPDATE;
  UPDATE {table} AS here SET {column} = coalesce({elements}, '{{}}') WHERE {here_key} IN ({keys}) AND {apart};
  RETURN NULL;
END $migrasafe$
