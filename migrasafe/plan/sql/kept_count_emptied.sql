-- TRUNCATE of {child}: nothing is left to count.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $kept$
BEGIN
  UPDATE {table} AS here SET {column} = 0 WHERE here.{column} <> 0;
  RETURN NULL;
END $kept$
