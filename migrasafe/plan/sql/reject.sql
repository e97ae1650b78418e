-- As its owner: whoever writes to the table needs no privilege on what is kept.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM {rejects}
      WHERE row_key = {old_key} AND (TG_OP = 'DELETE' OR row_key <> {key} OR ({condition}) IS NOT TRUE);
  END IF;
  IF TG_OP <> 'DELETE' AND ({condition}) THEN
    INSERT INTO {rejects} AS kept (row_key, value) VALUES ({key}, NEW.{column}::text)
      ON CONFLICT (row_key) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at, settled = false
      WHERE kept.value <> excluded.value;
  END IF;
  RETURN NULL;
END $migrasafe$
