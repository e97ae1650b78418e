-- Where does the primary's log end, and which standbys have replayed how much of it? One row per standby, or one without.
-- Who may not see the statistics of other roles gets pid and application_name only: state is NULL then.
SELECT
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    CASE
        WHEN NOT pg_catalog.pg_is_in_recovery() THEN (pg_catalog.pg_current_wal_lsn() - '0/0')::bigint
    END AS lsn,
    pg_catalog.current_setting('synchronous_standby_names') AS synchronous_standby_names,
    r.pid,
    coalesce(r.application_name, '') AS name,
    coalesce(pg_catalog.host(r.client_addr), '') AS address,
    r.state,
    (r.replay_lsn - '0/0')::bigint AS replay_lsn,
    coalesce(r.sync_state, '') AS sync_state,
    extract(epoch FROM pg_catalog.clock_timestamp() - r.reply_time)::float8 AS seconds_since_reply,
    current_user AS role
FROM (SELECT 1) one
LEFT JOIN pg_catalog.pg_stat_replication r ON true
