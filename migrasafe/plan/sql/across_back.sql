-- The new version has written {new}: the old one reads it in {old}. Where both say the same already, the way ends.
-- A new row that says nothing is one of somebody who does not know what moves: it gets what there is.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'INSERT' AND {new_empty} THEN
    UPDATE {new} AS there SET {set_from_here} FROM {old} AS here WHERE {its_old} AND {pairs} AND {apart};
  ELSE
    UPDATE {old} AS here SET {set_old} WHERE {its_old} AND {here_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
