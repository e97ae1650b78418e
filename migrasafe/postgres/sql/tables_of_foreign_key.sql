-- Which tables have a foreign key of this name that the open transaction made or changed, so that validating it read them?
-- Partitions have those of the table above under the same name; without a transaction all are meant.
SELECT conrelid
FROM pg_catalog.pg_constraint
WHERE conname = %s
  AND contype = 'f'
  AND (pg_catalog.txid_current_if_assigned() IS NULL OR pg_catalog.age(xmin) <= 0)
