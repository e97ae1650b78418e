-- What happened to a job, for those who ask later?
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail) VALUES (:job_id, :actor, :kind, :detail);
