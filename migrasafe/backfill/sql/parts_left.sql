-- How many parts of a job are not done? And how many rows are set aside, for good or because they were locked?
SELECT (SELECT count(*) FROM migrasafe.backfill_shard WHERE job_id = :job_id AND NOT is_done),
    count(*) FILTER (WHERE sqlstate <> '55P03'), count(*) FILTER (WHERE sqlstate = '55P03')
FROM migrasafe.backfill_dead_row WHERE job_id = :job_id AND resolved_at IS NULL;
