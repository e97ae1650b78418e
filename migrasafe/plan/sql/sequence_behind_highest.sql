-- The next number is behind the highest that there is.
DO $migrasafe$ BEGIN
  PERFORM pg_catalog.setval(pg_catalog.pg_get_serial_sequence({quoted}, {column}), coalesce(max({value}), 0) + 1, false)
    FROM {table};
END $migrasafe$
