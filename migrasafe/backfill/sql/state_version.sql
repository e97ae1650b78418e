-- Which version do the state tables of this database have, if there are any?
SELECT to_regclass('migrasafe.backfill_version') IS NOT NULL;
