DO $gate$
DECLARE
  answer text := format('%s', ({query}));
BEGIN
  IF answer <> {expected} THEN
    RAISE EXCEPTION USING MESSAGE = {refusal} || ' [' || answer || ', not ' || {expected} || ']', HINT = {otherwise};
  END IF;
END $gate$
