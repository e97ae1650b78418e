-- Silence is counted from now on.
DO $migrasafe$ BEGIN PERFORM pg_catalog.setval({last}, pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()))::bigint); END $migrasafe$
