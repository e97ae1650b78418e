-- How long does a small commit take? This one leaves a message in the log that nobody reads, and no row anywhere.
SELECT pg_catalog.pg_logical_emit_message(true, 'migrasafe', '')
