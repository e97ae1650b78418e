DO $gate$
DECLARE
  said text := format('%s', ({query}));
  sure boolean := said = {expected};
BEGIN
  -- Who has been told this very answer may have said that it is fine: migrasafe gate --override
  IF NOT sure AND to_regclass('migrasafe.plan_gate') IS NOT NULL THEN
    SELECT holds INTO sure FROM migrasafe.plan_gate
      WHERE plan = {plan} AND phase = {phase} AND gate = {gate} AND answer = said ORDER BY asked_at DESC LIMIT 1;
  END IF;
  IF sure IS NOT TRUE THEN
    RAISE EXCEPTION USING MESSAGE = {refusal} || ' [' || said || ', not ' || {expected} || ']', HINT = {otherwise};
  END IF;
END $gate$
