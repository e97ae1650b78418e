DO $drop$
BEGIN
  FOR attempt IN 1..200 LOOP  -- who reads it has been told to end, and needs a moment
    BEGIN
      PERFORM pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = {slot};
      RETURN;
    EXCEPTION WHEN object_in_use THEN
      PERFORM pg_catalog.pg_sleep(0.05);
    END;
  END LOOP;
  RAISE object_in_use USING MESSAGE = {late}, HINT = 'Run this file again.';
END $drop$
