-- Which types are there besides row types and arrays, and which of them came with an extension?
SELECT
    t.oid,
    n.nspname AS schema,
    t.typname AS name,
    t.typtype AS kind,
    t.typrelid AS relation,
    (
        SELECT coalesce(array_agg(e.enumlabel::text ORDER BY e.enumsortorder), '{}')
        FROM pg_enum e
        WHERE e.enumtypid = t.oid
    ) AS labels,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base_type,
    t.typnotnull AS not_null,
    t.typdefault AS default,
    CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN o.collname END AS collation,
    EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
    ) AS of_extension
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_collation o ON o.oid = t.typcollation
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^pg_(toast|temp_)'
  AND (t.typtype IN ('b', 'd', 'e', 'r', 'p') OR (t.typtype = 'c' AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
ORDER BY t.oid
