-- Which settings does a job have from now on, and who changed them from what?
BEGIN;
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail)
SELECT j.job_id, :actor, 'setting', jsonb_build_object('setting', c.key, 'old', j.settings -> c.key, 'new', c.value)
FROM migrasafe.backfill_job AS j, jsonb_each(:changed) AS c WHERE j.job_id = :job_id;
UPDATE migrasafe.backfill_job SET settings = settings || :changed, settings_version = settings_version + 1
WHERE job_id = :job_id;
COMMIT;
