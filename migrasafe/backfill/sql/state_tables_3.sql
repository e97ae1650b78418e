-- What is new in version 3? The function that begins a batch finds what it means, whatever the search path of who calls it.
ALTER FUNCTION migrasafe.backfill_fence(bigint, int, uuid, bigint) SET search_path = pg_catalog, pg_temp;
