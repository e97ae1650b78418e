-- The old version has changed what it has in {old}: so has {new}. As its owner, since writers of one need no privilege on the other.
-- A backfill touches rows from before, and says so: those without a half get one, and one from a time
-- without these triggers is put right.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF {old_changed} THEN
    UPDATE {new} AS there SET {set_new} WHERE {its_new} AND {there_differs};
  ELSIF pg_catalog.current_setting({touched}, true) = 'yes' THEN
    INSERT INTO {new} AS there ({new_list}) VALUES ({new_values})
      ON CONFLICT ({new_key}) DO UPDATE SET {set_new} WHERE {there_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
