-- Which part has the most left, and is worth two? It stays locked: its worker waits for us between two batches.
BEGIN;
SET LOCAL lock_timeout = 5000;
SET LOCAL statement_timeout = 10000;
SELECT s.shard_no, s.rel::bigint, s.relfilenode::bigint, s.lo, s.hi, s.cursor, s.batch_no, s.rows_walked, s.rows_changed,
    s.est_rows
FROM migrasafe.backfill_shard AS s
WHERE s.job_id = :job_id AND NOT s.is_done AND s.est_rows - s.rows_walked >= :least_rows
ORDER BY s.est_rows - s.rows_walked DESC
LIMIT 1
FOR UPDATE;
