-- How are the rows of one range changed and the cursor moved, in one transaction and one message?
BEGIN ISOLATION LEVEL READ COMMITTED;
:set_local
SELECT migrasafe.backfill_fence(:job_id, :shard_no, :token::uuid, :batch_no), :log_end;
:next_bound;
WITH change AS (
:change
)
UPDATE migrasafe.backfill_shard
SET cursor = :cursor, is_done = :is_done, batch_no = batch_no + 1, rows_walked = rows_walked + :rows_walked,
    rows_changed = rows_changed + (SELECT count(*) FROM change), batch_rows = :rows_walked,
    lease_until = clock_timestamp() + :lease_seconds * interval '1 s', updated_at = clock_timestamp()
WHERE job_id = :job_id AND shard_no = :shard_no
RETURNING (SELECT count(*) FROM change);
COMMIT;
SELECT :log_end;
