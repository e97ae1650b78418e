-- Which tables have a foreign key of this name, so that validating it reads them?
SELECT conrelid
FROM pg_catalog.pg_constraint
WHERE conname = %s
  AND contype = 'f'
