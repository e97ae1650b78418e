-- Which triggers do tables have, those left out that PostgreSQL makes for foreign keys? The copies of a row trigger on
-- partitions say so themselves from version 13 on; before, they pass for internal and only depend on it.
SELECT
    t.tgrelid AS relation,
    t.tgname AS name,
    n.nspname AS function_schema,
    p.proname AS function_name,
    t.tgenabled <> 'D' AS enabled,
    coalesce((to_jsonb(t) ->> 'tgparentid')::oid <> 0, d.objid IS NOT NULL) AS inherited,
    pg_get_triggerdef(t.oid) AS definition
FROM pg_trigger t
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN LATERAL (
    SELECT e.objid
    FROM pg_depend e
    WHERE e.classid = 'pg_trigger'::regclass
      AND e.objid = t.oid
      AND e.refclassid = 'pg_trigger'::regclass
      AND e.deptype = 'P'
    LIMIT 1
) d ON true
WHERE NOT t.tgisinternal OR (t.tgconstraint = 0 AND d.objid IS NOT NULL)
ORDER BY t.tgrelid, t.oid
