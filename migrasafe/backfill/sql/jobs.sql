-- What are the jobs of this database, or those of one name?
SELECT
    j.job_id, j.job_uuid::text, j.name, j.spec::text, j.spec_hash, j.rel::bigint, j.facts::text, j.walk, j.key_cols,
    j.key_types, j.key_collations, j.status, j.status_reason, j.pause_kind, j.settings::text, j.settings_version, j.est_rows, j.passes,
    j.system_identifier, j.timeline, j.created_by, j.created_at, j.started_at, j.finished_at
FROM migrasafe.backfill_job AS j
WHERE :condition
ORDER BY j.job_id;
