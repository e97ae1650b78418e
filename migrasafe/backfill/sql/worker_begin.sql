-- Who are we, for those who look whether we live?
INSERT INTO migrasafe.backfill_worker (worker, job_id, owner, process, backend_pid, backend_start, state)
SELECT :token::uuid, :job_id, :owner, :process, a.pid, a.backend_start, 'starting'
FROM (VALUES (:backend_pid::int)) AS b (pid) LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid
ON CONFLICT (worker) DO UPDATE
SET backend_pid = EXCLUDED.backend_pid, backend_start = EXCLUDED.backend_start, seen_at = clock_timestamp();
