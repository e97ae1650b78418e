-- Asked of a standby itself: how much of the log has it replayed, does it go on, and whose standby is it?
SELECT
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    (pg_catalog.pg_last_wal_replay_lsn() - '0/0')::bigint AS replay_lsn,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END AS replay_paused,
    (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system_identifier
