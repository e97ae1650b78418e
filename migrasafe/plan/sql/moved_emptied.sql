-- What has come is taken away again; only as long as nobody but replication writes here.
DO $emptied$
BEGIN
  SET LOCAL lock_timeout = '5s';
  IF NOT {closed} THEN
    RAISE object_not_in_prerequisite_state USING MESSAGE = {refusal}, HINT = 'Take the later phases back first.';
  END IF;
{unsubscribed}
  ALTER TABLE {table} DISABLE TRIGGER {trigger};
  TRUNCATE {table};
  ALTER TABLE {table} ENABLE TRIGGER {trigger};
END $emptied$
