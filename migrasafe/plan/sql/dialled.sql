-- How this database reaches the other one is in the environment of psql: no file holds it.
\set dialled `printf %s "${variable}"`
SELECT pg_catalog.set_config({setting}, :'dialled', false) <> '' AS dials \gset
DO $dials$ BEGIN
  IF pg_catalog.current_setting({setting}) = '' THEN
    RAISE EXCEPTION 'set {variable} in the environment of psql: how this database reaches the other one'
      USING HINT = 'As service=…, or host=… dbname=… user=… passfile=…: then no statement holds a password.';
  END IF;
END $dials$;
