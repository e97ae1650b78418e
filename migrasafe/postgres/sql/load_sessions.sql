-- How many sessions of others work right now, how many of all sessions are hidden from us, and who waits for our locks?
-- Ours are those whose application_name begins with migrasafe; who waits for a lock of ours in another database is theirs
-- to care for. Since when a session waits is known from 14 on.
WITH activity AS (
    SELECT
        pid,
        state,
        backend_type,
        datid,
        xact_start,
        backend_xid,
        wait_event_type,
        coalesce(application_name, '') LIKE 'migrasafe%%' AS ours,
        coalesce(application_name, '') = 'migrasafe throttle' AS looks
    FROM pg_catalog.pg_stat_activity
)
SELECT
    count(*) FILTER (WHERE NOT ours AND backend_type = 'client backend' AND state = 'active') AS active,
    count(*) FILTER (WHERE NOT ours AND backend_type = 'client backend' AND xact_start IS NOT NULL) AS in_transaction,
    count(*) FILTER (WHERE ours AND NOT looks AND backend_xid IS NOT NULL) AS ours_writing,
    count(*) FILTER (WHERE NOT ours AND backend_type IS NULL AND datid IS NOT NULL) AS hidden,
    (
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
                'pid', waiting.pid,
                'seconds', (
                    SELECT extract(
                        epoch FROM pg_catalog.clock_timestamp()
                        - min((pg_catalog.to_jsonb(l) ->> 'waitstart')::timestamptz)
                    )
                    FROM pg_catalog.pg_locks l
                    WHERE l.pid = waiting.pid AND NOT l.granted
                )
            )
        )
        FROM activity waiting
        WHERE waiting.wait_event_type = 'Lock'
          AND NOT waiting.ours
          AND waiting.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND pg_catalog.pg_blocking_pids(waiting.pid) && ARRAY(SELECT pid FROM activity WHERE ours)
    ) AS blocked,
    current_user AS role
FROM activity
