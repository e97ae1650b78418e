-- Which settings does a job have from now on, and who changed them from what?
BEGIN;
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail)
SELECT :job_id, :actor, 'setting', change FROM jsonb_array_elements(:changes) AS change;
UPDATE migrasafe.backfill_job SET settings = settings || :changed, settings_version = settings_version + 1
WHERE job_id = :job_id;
COMMIT;
