-- Which columns does each table have that holds rows of its own, and what is the type of each below its domains?
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
       pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) AS type,
       below.typname AS base_name,
       CASE WHEN below.typcategory = 'A' THEN 'array' WHEN below.typtype = 'e' THEN 'enum'
            WHEN below.typtype IN ('c', 'p') THEN 'other' ELSE 'plain' END AS kind
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
