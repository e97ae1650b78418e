CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $closed$
BEGIN
  RAISE read_only_sql_transaction USING MESSAGE = {message}, HINT = {hint};
END $closed$
