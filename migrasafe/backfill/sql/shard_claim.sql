-- Which part of a job is free, and so ours from now on?
UPDATE migrasafe.backfill_shard AS s
SET lease_token = :token::uuid, lease_owner = :owner, lease_until = clock_timestamp() + :lease_seconds * interval '1 s'
FROM (
    SELECT free.job_id, free.shard_no
    FROM migrasafe.backfill_shard AS free
        LEFT JOIN migrasafe.backfill_worker AS w ON w.worker = free.lease_token
    WHERE free.job_id = :job_id AND free.is_done = :is_done AND free.hi IS NOT NULL
        -- Who ends the job holds its first part.
        AND (NOT :is_done OR free.shard_no = (
            SELECT min(s.shard_no) FROM migrasafe.backfill_shard AS s WHERE s.job_id = :job_id AND s.hi IS NOT NULL
        ))
        AND (
        free.lease_token IS NULL
        OR free.lease_token = :token::uuid
        OR free.lease_until < clock_timestamp()
        OR w.worker IS NULL
        OR w.state = 'ended'
        OR :takeover
        -- Its session has ended, and it did not come back with another one.
        OR (w.backend_pid IS NOT NULL AND w.seen_at < clock_timestamp() - interval '1 s' AND NOT EXISTS (
            SELECT FROM pg_stat_activity AS a
            WHERE a.pid = w.backend_pid AND coalesce(a.backend_start = w.backend_start, true)
        ))
    )
    ORDER BY free.lease_token = :token::uuid DESC NULLS LAST, free.shard_no
    LIMIT 1
    FOR NO KEY UPDATE OF free SKIP LOCKED
) AS chosen
WHERE s.job_id = chosen.job_id AND s.shard_no = chosen.shard_no
RETURNING s.shard_no, s.rel::bigint, s.relfilenode::bigint, s.lo, s.hi, s.cursor, s.batch_no, s.rows_walked, s.rows_changed,
    s.est_rows;
