-- Which row security policies do tables have?
SELECT
    p.polrelid AS relation,
    p.polname AS name,
    p.polcmd AS command,
    p.polpermissive AS permissive,
    (
        SELECT coalesce(array_agg(CASE WHEN r.id = 0 THEN 'public' ELSE pg_get_userbyid(r.id)::text END), '{}')
        FROM unnest(p.polroles) AS r (id)
    ) AS roles,
    ARRAY(
        SELECT DISTINCT a.attname::text
        FROM pg_depend d
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refobjid = p.polrelid AND d.refobjsubid > 0
    ) AS reads,
    pg_get_expr(p.polqual, p.polrelid) AS using,
    pg_get_expr(p.polwithcheck, p.polrelid) AS check
FROM pg_policy p
ORDER BY p.polrelid, p.oid
