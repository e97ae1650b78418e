-- Does a job go from one of some states to another? Whoever moves it leaves an event.
WITH moved AS (
    UPDATE migrasafe.backfill_job
    SET status = :status, status_reason = :reason, pause_kind = :pause_kind,
        started_at = CASE WHEN :status = 'running' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
        finished_at = CASE WHEN :status IN ('done', 'failed', 'cancelled') THEN clock_timestamp() END
    WHERE job_id = :job_id AND status = ANY (:before)
    RETURNING job_id
), noted AS (
    INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail)
    SELECT job_id, :actor, :kind, :detail FROM moved WHERE :kind IS NOT NULL
)
SELECT count(*) FROM moved;
