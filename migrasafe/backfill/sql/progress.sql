-- How far is a job, in rows?
SELECT coalesce(sum(rows_walked), 0)::bigint, coalesce(sum(rows_changed), 0)::bigint, coalesce(sum(est_rows), 0)::bigint,
    count(*), count(*) FILTER (WHERE is_done)
FROM migrasafe.backfill_shard WHERE job_id = :job_id;
