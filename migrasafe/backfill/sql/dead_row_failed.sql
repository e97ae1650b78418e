-- Why did a row that was set aside not take the change again?
UPDATE migrasafe.backfill_dead_row
SET attempts = attempts + 1, last_at = clock_timestamp(), sqlstate = :sqlstate, message = :message
WHERE job_id = :job_id AND rel = :rel::oid AND key = :key AND resolved_at IS NULL;
