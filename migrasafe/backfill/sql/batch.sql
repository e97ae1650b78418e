-- How are the rows of one range changed and the cursor moved, in one transaction and one message?
-- The DO block counts rows without RETURNING, which would cost a tenth more. Its tag cannot be in what people give.
BEGIN ISOLATION LEVEL READ COMMITTED;
:set_local
SELECT migrasafe.backfill_fence(:job_id, :shard_no, :token::uuid, :batch_no), :log_end;
:next_bound;
DO $migrasafe_batch$
#variable_conflict use_column
DECLARE
    migrasafe_changed bigint;
BEGIN
:change;
GET DIAGNOSTICS migrasafe_changed = ROW_COUNT;
UPDATE migrasafe.backfill_shard
SET cursor = :cursor, is_done = :is_done, batch_no = batch_no + 1, rows_walked = rows_walked + :rows_walked,
    rows_changed = rows_changed + migrasafe_changed, batch_rows = :rows_walked,
    lease_until = clock_timestamp() + :lease_seconds * interval '1 s', updated_at = clock_timestamp()
WHERE job_id = :job_id AND shard_no = :shard_no;
PERFORM set_config('migrasafe.changed', migrasafe_changed::text, true);
END
$migrasafe_batch$;
SELECT current_setting('migrasafe.changed')::bigint;
COMMIT;
SELECT :log_end;
