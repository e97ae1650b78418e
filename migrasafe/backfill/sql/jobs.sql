-- What are the jobs of this database, or those of one name?
-- Times go through JSON: their text would depend on the role's DateStyle.
SELECT
    j.job_id, j.job_uuid::text, j.name, j.spec::text, j.spec_hash, j.rel::bigint, j.facts::text, j.walk, j.key_cols,
    j.key_types, j.key_collations, j.status, j.status_reason, j.pause_kind, j.settings::text, j.settings_version, j.est_rows, j.passes,
    j.system_identifier, j.timeline, j.created_by, to_json(j.created_at) #>> '{}',
    to_json(j.started_at) #>> '{}', to_json(j.finished_at) #>> '{}'
FROM migrasafe.backfill_job AS j
WHERE :condition
ORDER BY j.job_id;
