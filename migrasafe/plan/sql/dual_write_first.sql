-- Runs before every other trigger: what a writer of the new version put into {new_list} is brought into {old_list}.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = {search_path} AS $migrasafe$
DECLARE
{declare_old}
BEGIN
  IF (TG_OP = 'INSERT' AND ({any_new_given})) OR (TG_OP = 'UPDATE' AND {new_changed}) THEN
    -- Where the old value says the same already (a backfill, a row written back as it was), it stays as it is.
    IF {new_differs_from_up} THEN
{assign_old}
    END IF;
  END IF;
  RETURN NEW;
END $migrasafe$
