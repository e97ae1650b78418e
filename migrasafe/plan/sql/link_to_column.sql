-- The new version has written {link}: the old one reads one of the rows of {target} in {table}, and goes on reading that one as
-- long as it is linked.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
DECLARE
  changed record;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    changed := OLD;
    {settle}
  END IF;
  IF TG_OP <> 'DELETE' THEN
    changed := NEW;
    {settle}
  END IF;
  RETURN NULL;
END $migrasafe$
