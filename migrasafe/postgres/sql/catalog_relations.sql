-- Which tables, views, sequences and indexes are there that no extension made, and what is set on each?
SELECT
    c.oid,
    CASE WHEN n.oid = pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname END AS schema,
    c.relname AS name,
    c.relkind AS kind,
    c.relpersistence AS persistence,
    coalesce(c.reloptions, '{}') AS options,
    c.relrowsecurity AS row_security,
    c.relforcerowsecurity AS row_security_forced,
    c.relreplident AS replica_identity,
    CASE WHEN c.reltuples < 0 OR (c.reltuples = 0 AND c.relpages = 0) THEN NULL ELSE c.reltuples::float8 END AS rows,
    s.spcname AS tablespace,
    nullif(m.amname, current_setting('default_table_access_method')) AS access_method,
    pg_get_userbyid(c.relowner) AS owner,
    ARRAY(
        SELECT ARRAY[CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, lower(a.privilege_type)]
        FROM aclexplode(c.relacl) a
        WHERE a.grantee <> c.relowner AND a.privilege_type <> 'MAINTAIN'
    ) AS grants,
    c.relispopulated AS populated,
    tn.nspname AS of_type_schema,
    t.typname AS of_type_name,
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
    pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS query
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_am m ON m.oid = c.relam AND m.amtype = 't'
LEFT JOIN pg_type t ON t.oid = c.reloftype
LEFT JOIN pg_namespace tn ON tn.oid = t.typnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (n.nspname !~ '^pg_(toast|temp_)' OR n.oid = pg_my_temp_schema())
  AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY c.oid
