-- It sends its changes back after the switch, so that the switch can be taken back.
DO $send$ BEGIN
  IF pg_catalog.current_setting('wal_level') <> 'logical' THEN
    RAISE object_not_in_prerequisite_state USING MESSAGE = 'this server has wal_level = ' || pg_catalog.current_setting('wal_level')
      || ', and could not send anything back after the switch', HINT = 'Set wal_level = logical, and restart it.';
  END IF;
END $send$
