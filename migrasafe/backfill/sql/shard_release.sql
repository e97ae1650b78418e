-- Which parts do we give back?
UPDATE migrasafe.backfill_shard SET lease_token = NULL, lease_owner = NULL, lease_until = NULL
WHERE job_id = :job_id AND lease_token = :token::uuid;
UPDATE migrasafe.backfill_worker SET state = 'ended', seen_at = clock_timestamp(), reasons = '[]', gauges = '[]',
    backend_pid = NULL WHERE worker = :token::uuid;
