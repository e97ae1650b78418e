-- What does a role need that runs backfills, but did not install the state tables?
GRANT USAGE ON SCHEMA migrasafe TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migrasafe TO :role;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA migrasafe TO :role;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrasafe TO :role;
