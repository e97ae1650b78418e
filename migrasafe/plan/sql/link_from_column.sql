-- The old version has written {table}: {link} says the same. What it replaces is the row of {target} that it sees; where it leaves
-- none, all go, unless that row has gone itself.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'INSERT' OR {changed} OR pg_catalog.current_setting({touched}, true) = 'yes' THEN
    INSERT INTO {link} ({link_list}) SELECT {new_list} WHERE {new_given} ON CONFLICT ({link_key}) DO NOTHING;
  END IF;
  IF TG_OP = 'UPDATE' AND {changed} THEN
    DELETE FROM {link} AS link WHERE {link_of_new}
      AND ({link_says_old} OR (NOT ({new_given}) AND EXISTS (SELECT FROM {target} AS there WHERE {target_of_old})));
  END IF;
  RETURN NULL;
END $migrasafe$
