-- Whoever writes {source}: {target} has the row as it is by now, which other triggers may have changed again meanwhile.
-- As its owner, since writers of one need no privilege on the other.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE {target};
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM {target} AS there WHERE {there_old};
    INSERT INTO {target} ({columns}) SELECT {here_columns} FROM {source} AS here WHERE {here_old} ON CONFLICT DO NOTHING;
  ELSE
    IF TG_OP = 'UPDATE' THEN
      UPDATE {target} AS there SET {set_columns} FROM {source} AS here WHERE {there_old} AND {here_new};
      IF FOUND THEN
        RETURN NULL;
      END IF;
    END IF;
    INSERT INTO {target} ({columns}) SELECT {here_columns} FROM {source} AS here WHERE {here_new} ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $migrasafe$
