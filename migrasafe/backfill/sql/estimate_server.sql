-- What decides how much log a backfill writes and keeps, and who else is there?
SELECT
    current_setting('full_page_writes')::bool,
    (SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_wal_size'),
    (SELECT setting::bigint FROM pg_settings WHERE name = 'block_size'),
    ARRAY(
        SELECT tgname::text FROM pg_trigger
        WHERE tgrelid = :table_oid::oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 1 = 1 AND tgtype & 16 = 16
            AND tgname !~ '^[!~]+migrasafe_'  -- those of a plan, which the backfill is a part of
        ORDER BY 1
    );
