-- Which workers of a job may still live?
SELECT w.worker::text, w.process, w.owner, w.state, extract(epoch FROM clock_timestamp() - w.seen_at)::float8 AS age,
    to_json(w.started_at) #>> '{}', w.reasons::text, w.gauges::text, w.batch_rows, w.rows_per_second::float8,
    -- It cannot speak while a batch runs; behind a pooler, nobody knows its session.
    w.backend_pid IS NOT NULL AND EXISTS (
        SELECT FROM pg_stat_activity AS a WHERE a.pid = w.backend_pid AND coalesce(a.backend_start = w.backend_start, true)
    )
FROM migrasafe.backfill_worker AS w WHERE w.job_id = :job_id AND w.state <> 'ended'
ORDER BY w.started_at;
