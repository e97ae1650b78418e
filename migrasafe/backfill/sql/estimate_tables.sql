-- How big are these tables, their rows and their indexes, and which settings decide how they grow?
SELECT
    c.oid::bigint,
    pg_relation_size(c.oid) AS heap_bytes,
    coalesce((SELECT sum(pg_relation_size(i.indexrelid)) FROM pg_index AS i WHERE i.indrelid = c.oid), 0)::bigint AS index_bytes,
    (SELECT count(*) FROM pg_index AS i WHERE i.indrelid = c.oid)::int AS indexes,
    coalesce((SELECT sum(s.avg_width * (1 - s.null_frac)) FROM pg_stats AS s
              WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited), 0)::float8 AS row_bytes,
    coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_enabled'), true)
        AS is_vacuumed
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (:oids::oid[]);
