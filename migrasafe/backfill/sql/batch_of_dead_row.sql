-- How is a row set aside that cannot be changed, and the cursor moved past it?
BEGIN ISOLATION LEVEL READ COMMITTED;
:set_local
SELECT migrasafe.backfill_fence(:job_id, :shard_no, :token::uuid, :batch_no);
INSERT INTO migrasafe.backfill_dead_row AS d (job_id, rel, key, sqlstate, message)
VALUES (:job_id, :rel::oid, :key, :sqlstate, :message)
ON CONFLICT (job_id, rel, key) DO UPDATE SET sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message,
    attempts = d.attempts + 1, last_at = clock_timestamp(), resolved_at = NULL;
UPDATE migrasafe.backfill_shard
SET cursor = :cursor, is_done = :is_done, batch_no = batch_no + 1, rows_walked = rows_walked + :rows_walked,
    rows_dead = rows_dead + 1,
    lease_until = clock_timestamp() + :lease_seconds * interval '1 s', updated_at = clock_timestamp()
WHERE job_id = :job_id AND shard_no = :shard_no;
SELECT count(*) FROM migrasafe.backfill_dead_row AS d
WHERE d.job_id = :job_id AND d.resolved_at IS NULL AND d.sqlstate <> '55P03';
COMMIT;
