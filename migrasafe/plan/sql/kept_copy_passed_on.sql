-- {source} has another {value}: so have the rows of {table} that belong to it.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $kept$
BEGIN
  UPDATE {table} AS here SET {column} = NEW.{value} WHERE {its_rows} AND {apart};
  RETURN NULL;
END $kept$
