-- The next number is that which would have been next.
DO $migrasafe$ BEGIN PERFORM pg_catalog.setval({beside}, last_value, is_called) FROM {sequence}; END $migrasafe$
