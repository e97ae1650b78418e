-- How does one part become two? Its worker notices by the number of the batch, and looks again where its part ends.
UPDATE migrasafe.backfill_shard SET hi = :middle, batch_no = batch_no + 1, est_rows = est_rows - :rows_taken
WHERE job_id = :job_id AND shard_no = :shard_no;
INSERT INTO migrasafe.backfill_shard (job_id, shard_no, rel, relfilenode, lo, hi, est_rows)
SELECT :job_id, max(s.shard_no) + 1, :rel::oid, :filenode::oid, :middle, :hi, :rows_taken
FROM migrasafe.backfill_shard AS s WHERE s.job_id = :job_id;
INSERT INTO migrasafe.backfill_event (job_id, actor, kind, detail) VALUES (:job_id, :actor, 'split', :detail);
COMMIT;
