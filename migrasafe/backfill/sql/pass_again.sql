-- Which parts are walked once more, and to which end?
BEGIN;
UPDATE migrasafe.backfill_shard AS s
SET cursor = NULL, is_done = false, batch_no = batch_no + 1, hi = coalesce(again.hi, s.hi), relfilenode = again.filenode
FROM jsonb_to_recordset(:parts) AS again (shard_no int, hi jsonb, filenode oid)
WHERE s.job_id = :job_id AND s.shard_no = again.shard_no;
UPDATE migrasafe.backfill_job SET passes = passes + 1, status = 'running', status_reason = NULL
WHERE job_id = :job_id AND status IN ('running', 'throttled', 'verifying');
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail) VALUES (:job_id, :actor, 'pass', :detail);
COMMIT;
