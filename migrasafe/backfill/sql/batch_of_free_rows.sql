-- How are only those rows of a range changed that nobody has locked, and the keys of the others kept for later?
BEGIN ISOLATION LEVEL READ COMMITTED;
:set_local
SELECT migrasafe.backfill_fence(:job_id, :shard_no, :token::uuid, :batch_no);
WITH walked AS MATERIALIZED (
    SELECT :key AS key, :columns FROM ONLY :relation AS :alias WHERE :inside AND :todo
), free AS MATERIALIZED (
    SELECT :columns FROM ONLY :relation AS :alias WHERE :inside AND :todo FOR NO KEY UPDATE OF :alias SKIP LOCKED
), change AS (
:change
), busy AS (
    SELECT key FROM walked WHERE NOT EXISTS (SELECT FROM free WHERE :same_row)
), kept AS (
    INSERT INTO migrasafe.backfill_dead_row AS d (job_id, rel, key, sqlstate, message)
    SELECT :job_id, :rel::oid, key, '55P03', 'another session had it locked' FROM busy WHERE :keeps_keys
    ON CONFLICT (job_id, rel, key) DO UPDATE SET attempts = d.attempts + 1, last_at = clock_timestamp(), resolved_at = NULL
)
UPDATE migrasafe.backfill_shard
SET cursor = :cursor, is_done = :is_done, batch_no = batch_no + 1, rows_walked = rows_walked + :rows_walked,
    rows_changed = rows_changed + (SELECT count(*) FROM change), rows_left = rows_left + (SELECT count(*) FROM busy),
    lease_until = clock_timestamp() + :lease_seconds * interval '1 s', updated_at = clock_timestamp()
WHERE job_id = :job_id AND shard_no = :shard_no
RETURNING (SELECT count(*) FROM change), (SELECT count(*) FROM busy);
COMMIT;
