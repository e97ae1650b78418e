-- How did a job go, sample by sample, oldest first? State tables of version 1 have no `began_at` and no `worst`.
SELECT extract(epoch FROM coalesce((to_jsonb(s) ->> 'began_at')::timestamptz, s.at - s.seconds * interval '1 s'))::float8,
    extract(epoch FROM s.at)::float8, s.seconds::float8,
    s.batches, s.rows_walked, s.batch_rows, s.batch_ms_median::float8, s.batch_ms_p90::float8, s.batch_ms_max::float8,
    s.throttled_seconds::float8, s.wal_bytes, s.gauges::text, coalesce(to_jsonb(s) ->> 'worst', s.gauges::text), s.reasons::text
FROM migrasafe.backfill_sample AS s WHERE s.job_id = :job_id AND s.at > clock_timestamp() - :seconds * interval '1 s'
ORDER BY s.at;
