-- Which columns of which relations does each view read, and each function with a BEGIN ATOMIC body?
SELECT DISTINCT
    CASE WHEN r.oid IS NULL THEN 0 ELSE r.ev_class END AS view,
    CASE WHEN r.oid IS NULL THEN d.objid ELSE 0 END AS function,
    CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname END AS schema,
    c.relname AS name,
    a.attname AS column
FROM pg_depend d
JOIN pg_class c ON c.oid = d.refobjid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE d.refclassid = 'pg_class'::regclass
  AND (
      (r.rulename = '_RETURN' AND d.refobjid <> r.ev_class)
      OR (d.classid = 'pg_proc'::regclass AND d.deptype = 'n')
  )
ORDER BY 1, 2, 3, 4, 5
