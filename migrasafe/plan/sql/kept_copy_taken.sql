-- Whoever writes {column}: it is what {source} has for the row.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $kept$
BEGIN
  IF TG_OP = 'INSERT' OR {changed} THEN
    NEW.{column} := (SELECT there.{value} FROM {source} AS there WHERE {its_source});
  END IF;
  RETURN NEW;
END $kept$
