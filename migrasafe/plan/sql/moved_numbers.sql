-- The next number is well behind the highest that there is: numbers of rows that were deleted are not given again.
DO $numbers$ BEGIN
  PERFORM pg_catalog.setval(pg_catalog.pg_get_serial_sequence({quoted}, {column}), greatest(
    (SELECT coalesce(max({value}), 0) + {margin} FROM {table}), (SELECT last_value FROM {sequence})));
END $numbers$
