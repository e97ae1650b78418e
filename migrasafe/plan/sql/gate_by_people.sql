DO $gate$
DECLARE
  sure boolean := {gate} = ANY (string_to_array(current_setting('migrasafe.confirmed', true), ','));
BEGIN
  IF sure IS NOT TRUE AND to_regclass('migrasafe.plan_gate') IS NOT NULL THEN
    SELECT holds INTO sure FROM migrasafe.plan_gate
      WHERE plan = {plan} AND phase = {phase} AND gate = {gate} ORDER BY asked_at DESC LIMIT 1;
  END IF;
  IF sure IS NOT TRUE THEN
    RAISE EXCEPTION USING MESSAGE = {refusal}, HINT = {otherwise};
  END IF;
END $gate$
