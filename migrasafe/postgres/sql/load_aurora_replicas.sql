-- How far is each reader of an Aurora cluster behind its writer, and how old is that answer?
SELECT
    server_id::text AS name,
    replica_lag_in_msec::float8 / 1000 AS lag_seconds,
    extract(epoch FROM pg_catalog.clock_timestamp() - last_update_timestamp)::float8 AS seconds_since_update
FROM aurora_replica_status()
WHERE session_id::text <> 'MASTER_SESSION_ID'
