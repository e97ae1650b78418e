-- What do tables and sequences come with that somebody makes, in which schema?
SELECT
    coalesce(n.nspname, '') AS schema,
    CASE d.defaclobjtype WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
    CASE WHEN a.grantee = 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END AS role,
    lower(a.privilege_type) AS privilege
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL aclexplode(d.defaclacl) a
WHERE d.defaclobjtype IN ('r', 'S') AND a.grantee <> d.defaclrole AND a.privilege_type <> 'MAINTAIN'
