DO $subscribe$
BEGIN
  EXECUTE pg_catalog.format({statement}, pg_catalog.current_setting({setting}));
EXCEPTION WHEN OTHERS THEN
  -- Said again, because the context of the error holds the connection string.
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
END $subscribe$
