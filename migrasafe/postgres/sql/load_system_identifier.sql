-- Which cluster is this? A standby has the same answer as its primary.
SELECT system_identifier::text AS system_identifier FROM pg_catalog.pg_control_system()
