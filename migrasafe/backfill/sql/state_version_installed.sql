-- Which version of the state tables was installed last?
SELECT max(version) FROM migrasafe.backfill_version;
