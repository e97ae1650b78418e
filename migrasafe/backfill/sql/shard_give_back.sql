-- Which parts do we give back, and go on looking for others?
UPDATE migrasafe.backfill_shard SET lease_token = NULL, lease_owner = NULL, lease_until = NULL
WHERE job_id = :job_id AND lease_token = :token::uuid;
