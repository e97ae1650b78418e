-- What a writer leaves out is worked out; what it writes itself stays.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.{column} IS NULL THEN
      NEW.{column} := {value};
    END IF;
  ELSIF {unchanged} THEN
    NEW.{column} := {value};
  END IF;
  RETURN NEW;
END $migrasafe$
