-- At COMMIT: a row of {old} without its half in {new} gets one, with what it has by then.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  INSERT INTO {new} ({new_list}) SELECT {here_list} FROM {old} AS here WHERE {this_old}
    ON CONFLICT ({new_key}) DO NOTHING;
  RETURN NULL;
END $migrasafe$
