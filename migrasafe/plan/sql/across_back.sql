-- The new version has written {new}: the old one reads it in {old}. Where both say the same already, the way ends.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  UPDATE {old} AS here SET {set_old} WHERE {its_old} AND {here_differs};
  RETURN NULL;
END $migrasafe$
