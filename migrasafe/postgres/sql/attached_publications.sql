-- Which publications say which columns or rows of which tables? From 15 on.
SELECT n.nspname AS schema, c.relname AS relation, p.pubname::text AS name,
       pg_catalog.pg_get_expr(r.prqual, r.prrelid) AS filter,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(r.prattrs::int2[]) WITH ORDINALITY AS k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k.num) AS columns
FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.prattrs IS NOT NULL OR r.prqual IS NOT NULL
ORDER BY 1, 2, 3
