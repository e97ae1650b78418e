DO $step$
BEGIN
  RAISE EXCEPTION USING MESSAGE = {refusal}, HINT = 'Restore what it lost, or plan the way back as a change of its own.';
END $step$
