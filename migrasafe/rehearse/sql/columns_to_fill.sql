-- Which columns does each table have that holds rows of its own, what is the type of each (below its domains), and what
-- do CHECKs (its own, those of its domains) or the bounds of partitions (of a partitioned table: any of them) demand?
WITH RECURSIVE base (oid, below) AS (
    SELECT oid, oid FROM pg_catalog.pg_type
    UNION ALL
    SELECT base.oid, type.typbasetype
    FROM base JOIN pg_catalog.pg_type AS type ON type.oid = base.below
    WHERE type.typtype = 'd'
)
SELECT relation.oid AS relation,
       namespace.nspname AS schema,
       relation.relname AS table_name,
       attribute.attname AS column_name,
       attribute.attnotnull OR type.typnotnull AS required,
       CASE WHEN type.typtype = 'd' THEN pg_catalog.format_type(below.oid, nullif(type.typtypmod, -1))
            ELSE pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) END AS type,
       below.typname AS base_name,
       CASE WHEN below.typcategory = 'A' THEN 'array' WHEN below.typtype = 'e' THEN 'enum'
            WHEN below.typtype IN ('c', 'p') THEN 'other' ELSE 'plain' END AS kind,
       ARRAY(SELECT CASE WHEN checked.contypid = 0 THEN pg_catalog.pg_get_constraintdef(checked.oid)
                         ELSE pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(checked.oid), '\mVALUE\M',
                                                        pg_catalog.quote_ident(attribute.attname), 'g') END
             FROM pg_catalog.pg_constraint AS checked
             WHERE checked.contype = 'c'
               AND (checked.conrelid = relation.oid AND checked.conkey @> ARRAY[attribute.attnum]
                    OR checked.contypid IN (SELECT oid FROM base AS domains WHERE domains.below = below.oid
                                            AND domains.oid = type.oid)))
       || ARRAY(SELECT 'CHECK (' || bound.condition || ')'
                FROM (SELECT pg_catalog.string_agg('(' || coalesce(leaf.condition, 'true') || ')', ' OR ') AS condition
                      FROM (SELECT pg_catalog.pg_get_partition_constraintdef(tree.relid) AS condition
                            FROM pg_catalog.pg_partition_tree(relation.oid) AS tree
                            WHERE tree.isleaf AND (relation.relispartition OR relation.relkind = 'p')
                            LIMIT 50) AS leaf) AS bound
                WHERE pg_catalog.strpos(bound.condition, pg_catalog.quote_ident(attribute.attname)) > 0) AS checks,
       EXISTS (SELECT FROM pg_catalog.pg_constraint AS key
               WHERE key.conrelid = relation.oid AND key.contype = 'f' AND key.conkey @> ARRAY[attribute.attnum])
           AS refers,
       EXISTS (SELECT FROM pg_catalog.pg_index AS index
               WHERE index.indrelid = relation.oid AND index.indisunique
                 AND attribute.attnum = ANY (index.indkey::pg_catalog.int2[])) AS in_unique,
       EXISTS (SELECT FROM pg_catalog.pg_index AS index
               WHERE index.indrelid = relation.oid AND index.indisprimary
                 AND attribute.attnum = ANY (index.indkey::pg_catalog.int2[])) AS in_key,
       attribute.atthasdef OR attribute.attidentity <> '' AS given,
       attribute.attidentity = 'a' AS always,
       ARRAY(SELECT enumlabel::pg_catalog.text FROM pg_catalog.pg_enum WHERE enumtypid = below.oid ORDER BY enumsortorder)
           AS labels
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
JOIN base ON base.oid = type.oid
JOIN pg_catalog.pg_type AS below ON below.oid = base.below AND below.typtype <> 'd'
WHERE relation.relkind IN ('r', 'p')
  AND namespace.nspname !~ '^pg_'
  AND namespace.nspname <> 'information_schema'
  AND attribute.attgenerated = ''
ORDER BY relation.oid, attribute.attnum
