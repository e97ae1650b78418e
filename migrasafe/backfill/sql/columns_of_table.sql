-- What are the columns of a table: type, collation with its version, default, who may write them?
SELECT
    a.attname,
    format_type(a.atttypid, -1) AS type,
    t.typcategory::text,
    a.attnotnull,
    CASE WHEN a.attcollation <> 0 THEN format('%I.%I', cn.nspname, co.collname) || coalesce(
        ' ' || nullif(CASE WHEN co.collname = 'default' THEN :default_version ELSE pg_collation_actual_version(co.oid) END, ''), '')
    ELSE '' END AS collation,
    a.atthasdef OR a.attidentity <> '' AS has_default,
    a.attgenerated <> '' OR a.attidentity = 'a' AS is_generated,
    coalesce(a.attnum = ANY (p.partattrs::int2[]), false) AS is_partition_key,
    coalesce(abs(s.correlation), 1)::float8 AS correlation
FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
    LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
    LEFT JOIN pg_partitioned_table AS p ON p.partrelid = a.attrelid
    LEFT JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
        AND NOT s.inherited
WHERE a.attrelid = :table_oid::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
