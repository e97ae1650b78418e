-- Which replication slots are there, and from where do they keep the log? What older servers do not have is NULL.
SELECT
    s.slot_name AS name,
    s.slot_type = 'logical' AS is_logical,
    s.active,
    s.active_pid,
    s.temporary,
    (s.restart_lsn - '0/0')::bigint AS restart_lsn,
    (s.confirmed_flush_lsn - '0/0')::bigint AS confirmed_lsn,
    pg_catalog.to_jsonb(s) ->> 'wal_status' AS wal_status
FROM pg_catalog.pg_replication_slots s
