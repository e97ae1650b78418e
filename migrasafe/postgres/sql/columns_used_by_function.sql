-- Which columns of tables and views did PostgreSQL note for the body of pg_temp.migrasafe_measured()?
SELECT n.nspname, c.relname, a.attname
FROM pg_depend d
JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND d.objid = 'pg_temp.migrasafe_measured'::regproc
