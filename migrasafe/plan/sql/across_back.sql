-- The new version has written {new}: the old one reads it in {old}. Where both say the same already, the way ends.
-- What a new row leaves out, it gets: it is of somebody who does not know what moves, or belongs to a row from before.
-- Of a changed row only what has changed goes over: one that the backfill has not reached says nothing of the rest yet.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE {old} AS here SET {set_said} WHERE {its_old} AND {here_differs_from_said};
    UPDATE {new} AS there SET {set_left_out} FROM {old} AS here WHERE {its_old} AND {pairs} AND {apart};
  ELSIF {new_changed} THEN
    UPDATE {old} AS here SET {set_changed} WHERE {its_old} AND {here_differs};
  END IF;
  RETURN NULL;
END $migrasafe$
