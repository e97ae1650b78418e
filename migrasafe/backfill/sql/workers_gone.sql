-- Which workers have ended without a word?
UPDATE migrasafe.backfill_worker SET state = 'ended', reasons = '[]', gauges = '[]' WHERE worker = ANY (:gone::uuid[]);
