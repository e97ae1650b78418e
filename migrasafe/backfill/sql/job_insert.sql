-- Which number does a new job get, and which parts does it have?
BEGIN;
INSERT INTO migrasafe.backfill_job (job_uuid, name, spec, spec_hash, rel, facts, walk, key_cols, key_types,
    key_collations, status, settings, est_rows, created_by, system_identifier, timeline)
VALUES (:job_uuid::uuid, :name, :spec, :spec_hash, :rel::oid, :facts, :walk, :key_cols, :key_types,
    :key_collations, 'pending', :settings, :est_rows, :actor, :system_identifier, :timeline);
INSERT INTO migrasafe.backfill_shard (job_id, shard_no, rel, relfilenode, hi, is_done, est_rows)
SELECT j.job_id, s.shard_no, s.rel, s.filenode, s.hi, s.hi IS NULL, s.est_rows
FROM migrasafe.backfill_job AS j,
    jsonb_to_recordset(:shards) AS s (shard_no int, rel oid, filenode oid, hi jsonb, est_rows bigint)
WHERE j.job_uuid = :job_uuid::uuid;
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail)
SELECT job_id, :actor, 'created', :detail FROM migrasafe.backfill_job WHERE job_uuid = :job_uuid::uuid;
COMMIT;
SELECT job_id FROM migrasafe.backfill_job WHERE job_uuid = :job_uuid::uuid;
