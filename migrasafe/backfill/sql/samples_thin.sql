-- Does a job have more samples than plots need? Then those of one slice of its time become one, whoever wrote them.
-- Sums stay sums, means are weighed by time or batches, and the worst stays the worst.
WITH bounds AS (
    SELECT min(at) AS first, greatest(extract(epoch FROM max(at) - min(at)) / :keep, 1) AS width
    FROM migrasafe.backfill_sample WHERE job_id = :job_id
    HAVING count(*) > :most AND pg_try_advisory_xact_lock(:lock_key)
), gone AS (
    DELETE FROM migrasafe.backfill_sample AS s USING bounds AS b WHERE s.job_id = :job_id
    RETURNING s.*, floor(extract(epoch FROM s.at - b.first) / b.width) AS slice
), gauged AS (
    SELECT slice, jsonb_agg(jsonb_build_object('name', name, 'subject', subject, 'value', mean)) AS gauges,
        jsonb_agg(jsonb_build_object('name', name, 'subject', subject, 'value', worst)) AS worst
    FROM (
        SELECT g.slice, n.name, n.subject, avg(n.value) FILTER (WHERE NOT n.is_worst) AS mean, max(n.value) AS worst
        FROM gone AS g, LATERAL (
            SELECT false AS is_worst, r.* FROM jsonb_to_recordset(g.gauges) AS r (name text, subject text, value float8)
            UNION ALL
            SELECT true, r.* FROM jsonb_to_recordset(coalesce(g.worst, '[]')) AS r (name text, subject text, value float8)
        ) AS n
        GROUP BY g.slice, n.name, n.subject
    ) AS numbers
    GROUP BY slice
), reasoned AS (
    SELECT slice, jsonb_object_agg(signal, seconds) AS reasons
    FROM (
        SELECT g.slice, r.key AS signal, sum(r.value::float8) AS seconds
        FROM gone AS g, LATERAL jsonb_each_text(g.reasons) AS r
        GROUP BY g.slice, r.key
    ) AS held
    GROUP BY slice
)
INSERT INTO migrasafe.backfill_sample (job_id, worker, at, began_at, seconds, batches, rows_walked, rows_changed, batch_rows,
    batch_ms_median, batch_ms_p90, batch_ms_max, throttled_seconds, wal_bytes, gauges, worst, reasons)
SELECT :job_id, (array_agg(g.worker ORDER BY g.at DESC))[1], max(g.at),
    min(coalesce(g.began_at, g.at - g.seconds * interval '1 s')), sum(g.seconds), sum(g.batches), sum(g.rows_walked),
    sum(g.rows_changed), (array_agg(g.batch_rows ORDER BY g.at DESC))[1],
    sum(g.batch_ms_median * g.batches) / nullif(sum(g.batches), 0), sum(g.batch_ms_p90 * g.batches) / nullif(sum(g.batches), 0),
    max(g.batch_ms_max), sum(g.throttled_seconds), sum(g.wal_bytes), coalesce(min(n.gauges::text)::jsonb, '[]'),
    coalesce(min(n.worst::text)::jsonb, '[]'), coalesce(min(r.reasons::text)::jsonb, '{}')
FROM gone AS g LEFT JOIN gauged AS n USING (slice) LEFT JOIN reasoned AS r USING (slice)
GROUP BY slice;
