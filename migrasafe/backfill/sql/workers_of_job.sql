-- Which workers of a job may still live?
SELECT w.worker::text, w.process, w.owner, w.state, extract(epoch FROM clock_timestamp() - w.seen_at)::float8 AS age,
    to_json(w.started_at) #>> '{}', w.reasons::text, w.gauges::text, w.batch_rows, w.rows_per_second::float8
FROM migrasafe.backfill_worker AS w WHERE w.job_id = :job_id AND w.state <> 'ended'
ORDER BY w.started_at;
