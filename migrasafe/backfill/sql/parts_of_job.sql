-- What are the parts of a job, and how far is each?
SELECT s.shard_no, s.rel::bigint, s.relfilenode::bigint, s.lo, s.hi, s.cursor, s.batch_no, s.rows_walked, s.rows_changed,
    s.est_rows
FROM migrasafe.backfill_shard AS s
WHERE s.job_id = :job_id AND s.hi IS NOT NULL ORDER BY s.shard_no;
