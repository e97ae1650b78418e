-- The new version has written {new}: the old one reads it in {old}, which gets a row when there is something to say.
-- Only what has changed: a row that the backfill has not reached says nothing of the rest yet.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NOT {new_changed} THEN
      RETURN NULL;
    END IF;
    UPDATE {old} AS here SET {set_changed} WHERE {its_old} AND {here_differs};
    IF FOUND OR EXISTS (SELECT FROM {old} AS here WHERE {its_old}) THEN
      RETURN NULL;
    END IF;
  END IF;
  IF NOT ({new_empty}) THEN
    INSERT INTO {old} AS here ({old_list}) VALUES ({values}) ON CONFLICT ({old_key}) DO UPDATE SET {set_old} WHERE {here_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
