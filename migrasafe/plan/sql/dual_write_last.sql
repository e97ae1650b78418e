-- Runs after every other trigger: {new_list} follows {old_list}, unless the two say the same already.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = {search_path} AS $migrasafe$
DECLARE
{declare_new}
BEGIN
  IF TG_OP = 'INSERT' OR ({all_new_missing}) OR {old_changed} THEN
    IF (TG_OP = 'INSERT' AND {all_new_missing}) OR {old_differs_from_down} THEN
{assign_new}
    END IF;
  END IF;
  RETURN NEW;
END $migrasafe$
