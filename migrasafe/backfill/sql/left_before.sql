-- How many rows were left after each pass before this one?
SELECT (detail->>'rows_left')::bigint FROM migrasafe.backfill_event
WHERE job_id = :job_id AND kind = 'pass' AND detail->>'rows_left' IS NOT NULL ORDER BY id;
