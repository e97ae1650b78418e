-- Of which tables does each publication send only some columns, or some rows? (15)
SELECT
    p.pubname AS publication,
    r.prrelid AS relation,
    (
        SELECT coalesce(array_agg(a.attname::text ORDER BY k.place), '{}')
        FROM unnest(r.prattrs) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k.number
    ) AS columns,
    pg_get_expr(r.prqual, r.prrelid) AS filter
FROM pg_publication_rel r
JOIN pg_publication p ON p.oid = r.prpubid
WHERE r.prattrs IS NOT NULL OR r.prqual IS NOT NULL
ORDER BY p.pubname, r.oid
