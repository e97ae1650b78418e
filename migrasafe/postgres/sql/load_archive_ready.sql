-- How many segments of the log are ready and not archived yet? Asked where the statistics name none; needs pg_monitor.
SELECT count(*) AS ready
FROM pg_catalog.pg_ls_archive_statusdir()
WHERE name ~ '^[0-9A-F]{24}\.ready$'
