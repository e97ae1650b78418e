-- Of which type is each sequence, and which column owns it?
SELECT
    s.seqrelid AS sequence,
    format_type(s.seqtypid, NULL) AS type,
    d.refobjid AS relation,
    a.attname AS column
FROM pg_sequence s
LEFT JOIN pg_depend d
    ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
ORDER BY s.seqrelid
