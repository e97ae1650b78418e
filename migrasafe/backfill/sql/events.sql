-- What happened to a job, oldest first? Waits that a throttle ended by itself can be left out: there may be many.
SELECT extract(epoch FROM e.at)::float8, e.actor, e.kind, e.detail::text
FROM (
    SELECT id, at, actor, kind, detail FROM migrasafe.backfill_event
    WHERE job_id = :job_id AND (:with_waits OR kind NOT IN ('throttle-on', 'throttle-off'))
    ORDER BY id DESC LIMIT :most
) AS e
ORDER BY e.id;
