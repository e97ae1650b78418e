-- Under which name is a job kept that is begun again?
BEGIN;
INSERT INTO migrasafe.backfill_event (job_id, actor, kind) VALUES (:job_id, :actor, 'replaced');
UPDATE migrasafe.backfill_job SET name = name || ' #' || job_id,
    status = CASE WHEN status = 'done' THEN 'done' ELSE 'cancelled' END,
    status_reason = coalesce(status_reason, 'begun again'), finished_at = coalesce(finished_at, clock_timestamp())
WHERE job_id = :job_id;
COMMIT;
