-- The old version has changed what it has in {old}: so has {new}. As its owner, since writers of one need no privilege on the other.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF {old_changed} THEN
    UPDATE {new} AS there SET {set_new} WHERE {its_new} AND {there_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
