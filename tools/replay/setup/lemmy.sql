-- What the server makes itself, before it runs its migrations.
CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now());
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET lemmy.protocol_and_hostname = %L', current_database(), 'https://example.org');
END $$;
