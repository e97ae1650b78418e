-- What do operators want of us now? And what do we tell them?
UPDATE migrasafe.backfill_worker
SET seen_at = clock_timestamp(), state = :state, reasons = :reasons, gauges = :gauges, batch_rows = :batch_rows,
    rows_per_second = :rows_per_second
WHERE worker = :token::uuid;
UPDATE migrasafe.backfill_shard SET lease_until = clock_timestamp() + :lease_seconds * interval '1 s'
WHERE job_id = :job_id AND shard_no = :shard_no AND lease_token = :token::uuid;
SELECT status, status_reason, settings_version, passes FROM migrasafe.backfill_job WHERE job_id = :job_id;
