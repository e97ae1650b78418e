-- A backfill touches rows from before, and says so: they are copied, and stay as they are, so that no other trigger sees them.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  INSERT INTO {target} ({columns}) VALUES ({old_columns}) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $migrasafe$
