-- Nobody is writing: all that was written has to arrive before the table is closed, or it is not closed.
DO $arrived$
DECLARE
  begun_at timestamptz := pg_catalog.clock_timestamp();
  inserted pg_catalog.pg_lsn := pg_catalog.pg_current_wal_insert_lsn();
  written pg_catalog.pg_lsn;
BEGIN
  -- Commits with synchronous_commit = off are written to disk after three rounds of the WAL writer at the latest.
  WHILE pg_catalog.pg_current_wal_flush_lsn() < inserted
    AND pg_catalog.clock_timestamp() < begun_at + 3 * pg_catalog.current_setting('wal_writer_delay')::interval LOOP
    PERFORM pg_catalog.pg_sleep(0.01);
  END LOOP;
  written := pg_catalog.pg_current_wal_flush_lsn();
  WHILE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots
                    WHERE slot_name = {slot} AND confirmed_flush_lsn >= written) LOOP
    IF pg_catalog.clock_timestamp() > begun_at + interval '{seconds} s' THEN
      RAISE object_not_in_prerequisite_state USING MESSAGE = {late}, HINT = {hint};
    END IF;
    PERFORM pg_catalog.pg_sleep(0.01);
  END LOOP;
END $arrived$
