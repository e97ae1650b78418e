-- What is kept beside each column of a table, where it differs from how PostgreSQL makes columns?
SELECT n.nspname AS schema, c.relname AS relation, a.attname AS column,
       pg_catalog.col_description(c.oid, a.attnum) AS comment,
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS statistics,
       CASE WHEN a.attstorage <> t.typstorage
            THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' ELSE 'main' END
       END AS storage,
       a.attoptions AS options, pg_catalog.to_jsonb(a) ->> 'attcompression' AS compression,
       (SELECT pg_catalog.array_agg(ARRAY[
                 CASE WHEN acl.grantee = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(acl.grantee) END,
                 pg_catalog.lower(acl.privilege_type), acl.is_grantable::text] ORDER BY acl.grantee, acl.privilege_type)
        FROM pg_catalog.aclexplode(a.attacl) AS acl) AS grants
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (pg_catalog.col_description(c.oid, a.attnum) IS NOT NULL OR a.attstattarget >= 0 OR a.attstorage <> t.typstorage
       OR a.attoptions IS NOT NULL OR pg_catalog.to_jsonb(a) ->> 'attcompression' IN ('p', 'l') OR a.attacl IS NOT NULL)
