DO $step$
BEGIN
  IF {skip} THEN
    RAISE NOTICE '{id}: nothing to do';
    RETURN;
  END IF;
  FOR attempt IN 1..{attempts} LOOP
    BEGIN
      SET LOCAL lock_timeout = '{lock_timeout}';
{statements}
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF attempt = {attempts} THEN
        RAISE lock_not_available USING MESSAGE = '{id}: no lock after {attempts} attempts, nothing was changed',
          DETAIL = 'In the way: ' || coalesce({in_the_way}, SQLERRM), HINT = 'When they have ended, run this file again.';
      END IF;
    WHEN undefined_object OR undefined_column OR undefined_function OR undefined_table OR duplicate_object OR duplicate_column
      OR duplicate_table OR unique_violation OR internal_error THEN  -- the last: what was looked up has gone meanwhile
      IF NOT ({skip}) THEN  -- else a run that was cut off has ended meanwhile
        RAISE;
      END IF;
      RAISE NOTICE '{id}: done meanwhile';
      RETURN;
    END;
    COMMIT;  -- nothing is held while it sleeps
    PERFORM pg_sleep(random() * least(0.1 * 2 ^ attempt, {longest_pause}));
  END LOOP;
END $step$
