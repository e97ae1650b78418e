-- Is this an Aurora cluster, whose readers pg_stat_replication does not show?
SELECT pg_catalog.to_regprocedure('aurora_replica_status()') IS NOT NULL AS is_aurora
