-- The old version has written {column}: {child} has a row for each element. Meanwhile the triggers of {child} keep quiet.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF (TG_OP = 'INSERT' OR {changed} OR pg_catalog.current_setting({touched}, true) = 'yes') AND {new_apart} THEN
    PERFORM pg_catalog.set_config({quiet}, 'yes', true);
    DELETE FROM {child} AS there WHERE {its_rows};
    INSERT INTO {child} ({child_list}) SELECT {new_key}, element.place, element.value
      FROM ROWS FROM (pg_catalog.unnest(NEW.{column})) WITH ORDINALITY AS element (value, place);
    PERFORM pg_catalog.set_config({quiet}, '', true);
  END IF;
  RETURN NULL;
END $migrasafe$
