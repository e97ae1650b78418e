-- Which rows are set aside?
SELECT d.rel::bigint, d.key, d.sqlstate, d.message, d.attempts, to_json(d.first_at) #>> '{}', to_json(d.last_at) #>> '{}'
FROM migrasafe.backfill_dead_row AS d
WHERE d.job_id = :job_id AND d.resolved_at IS NULL AND :condition
ORDER BY d.rel, d.key LIMIT :most;
