-- The old version has written {old}: {new} says the same. As its owner, since writers of one need no privilege on the other.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND {key_changed}) THEN
    UPDATE {new} AS there SET {set_null} WHERE {was_new} AND NOT ({there_empty});
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE {new} AS there SET {set_new} WHERE {its_new} AND {there_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
