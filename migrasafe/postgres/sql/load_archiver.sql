-- Does the server archive its log, how far has it come, and since when does it fail? Segments are counted from 0.
SELECT
    pg_catalog.current_setting('archive_mode') <> 'off' AS archives,
    s.bytes AS wal_segment_bytes,
    (pg_catalog.pg_current_wal_lsn() - '0/0')::bigint / s.bytes AS current_segment,
    CASE
        WHEN a.last_archived_wal ~ '^[0-9A-F]{24}' THEN
            ('x' || pg_catalog.substr(a.last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / s.bytes)
            + ('x' || pg_catalog.substr(a.last_archived_wal, 17, 8))::bit(32)::bigint
    END AS archived_segment,
    CASE
        WHEN a.last_failed_time > coalesce(a.last_archived_time, '-infinity') THEN
            extract(epoch FROM pg_catalog.clock_timestamp() - a.last_failed_time)::float8
    END AS failing_since_seconds,
    nullif(pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size', true)), -1) AS slot_wal_limit_bytes
FROM pg_catalog.pg_stat_archiver a
CROSS JOIN (SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) AS bytes) s
