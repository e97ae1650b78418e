-- What does one batch take and write? It is rolled back, which leaves dead row versions and nothing else.
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = 500;
SET LOCAL statement_timeout = 5000;
EXPLAIN (ANALYZE, VERBOSE, TIMING OFF, BUFFERS OFF:with_wal, FORMAT JSON) :statement;
SELECT pg_stat_get_xact_tuples_hot_updated(:leaf_oid::oid);
ROLLBACK;
