-- Which btree indexes give all rows in the order of plain columns?
SELECT
    ic.relname,
    i.indisprimary,
    i.indisunique AND i.indimmediate AS is_unique,
    ARRAY(
        SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts ORDER BY k.place
    ) AS columns,
    (SELECT bool_and(a.attnotnull) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE k.place <= i.indnkeyatts) AS is_not_null,
    -- A row comparison needs all columns in one direction, the type's own order, and the collation of the column.
    (SELECT count(DISTINCT o & 1) = 1 FROM unnest(i.indoption::int2[]) AS o)
    AND (SELECT bool_and(oc.opcdefault) FROM unnest(i.indclass::oid[]) AS used (oid) JOIN pg_opclass AS oc USING (oid))
    AND (SELECT bool_and(c.coll = a.attcollation)
         FROM unnest(i.indkey::int2[], i.indcollation::oid[]) WITH ORDINALITY AS c (attnum, coll, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = c.attnum
         WHERE c.place <= i.indnkeyatts) AS is_comparable
FROM pg_index AS i
    JOIN pg_class AS ic ON ic.oid = i.indexrelid
    JOIN pg_am AS am ON am.oid = ic.relam AND am.amname = 'btree'
WHERE i.indrelid = :table_oid::oid AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, i.indisunique DESC, i.indnkeyatts, ic.relname;
