-- How would the server run a statement?
BEGIN;
SET LOCAL statement_timeout = 30000;
SET LOCAL lock_timeout = 5000;
SET LOCAL enable_seqscan = :with_seq_scan;
EXPLAIN (FORMAT JSON, VERBOSE) :statement;
ROLLBACK;
