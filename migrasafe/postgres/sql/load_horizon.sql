-- Who keeps vacuum from removing row versions of this database that die now, or has a transaction open for long?
-- Vacuum itself does not. Rows younger than half a second and a thousand transactions are left out.
WITH holders AS (
    SELECT
        CASE a.backend_type WHEN 'walsender' THEN 'replica' ELSE 'session' END AS kind,
        CASE a.backend_type WHEN 'walsender' THEN a.application_name ELSE a.pid::text END AS name,
        pg_catalog.concat_ws(', ', a.usename, nullif(a.application_name, ''), a.state) AS who,
        greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) AS xids,
        CASE
            WHEN a.backend_type <> 'walsender' THEN
                extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8
        END AS seconds
    FROM pg_catalog.pg_stat_activity a
    WHERE (a.datname = pg_catalog.current_database() OR a.backend_type = 'walsender')
      AND a.backend_type <> 'autovacuum worker'
      AND coalesce(a.application_name, '') NOT LIKE 'migrasafe%%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = a.pid)
    UNION ALL
    SELECT
        'prepared transaction', p.gid, p.owner, pg_catalog.age(p.transaction),
        extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8
    FROM pg_catalog.pg_prepared_xacts p
    WHERE p.database = pg_catalog.current_database()
    UNION ALL
    SELECT 'slot', s.slot_name, CASE WHEN s.active THEN 'active' ELSE 'not in use' END, pg_catalog.age(s.xmin), NULL
    FROM pg_catalog.pg_replication_slots s
    WHERE s.xmin IS NOT NULL
)
SELECT
    h.kind, h.name, h.who, h.xids, h.seconds, current_user AS role,
    (
        SELECT count(*)
        FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND backend_type IS NULL
    ) AS hidden
FROM (SELECT 1) one
LEFT JOIN LATERAL (
    SELECT * FROM holders WHERE seconds > 0.5 OR xids > 1000 ORDER BY xids DESC NULLS LAST, seconds DESC LIMIT 50
) h ON true
