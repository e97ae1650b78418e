-- Does a row that was set aside take the change now? It is changed once, however many try.
BEGIN ISOLATION LEVEL READ COMMITTED;
:set_local
SELECT FROM migrasafe.backfill_dead_row
WHERE job_id = :job_id AND rel = :rel::oid AND key = :key AND resolved_at IS NULL FOR NO KEY UPDATE;
WITH change AS (
:change
), settled AS (
    UPDATE migrasafe.backfill_dead_row SET resolved_at = clock_timestamp(), attempts = attempts + 1, last_at = clock_timestamp()
    WHERE job_id = :job_id AND rel = :rel::oid AND key = :key AND resolved_at IS NULL
    RETURNING 1
), counted AS (
    UPDATE migrasafe.backfill_shard SET rows_changed = rows_changed + (SELECT count(*) FROM change)
    WHERE job_id = :job_id AND shard_no = (
        SELECT min(shard_no) FROM migrasafe.backfill_shard WHERE job_id = :job_id AND rel = :rel::oid
    ) AND (SELECT count(*) FROM change) > 0
)
SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM settled);
COMMIT;
