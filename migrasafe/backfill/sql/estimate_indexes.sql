-- Which columns, also those in expressions and predicates, does each index of these tables depend on?
SELECT
    i.indrelid::bigint,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS index,
    am.amname::text,
    ARRAY(
        SELECT a.attname::text
        FROM pg_attribute AS a
        WHERE a.attrelid = i.indrelid
          AND a.attnum > 0
          AND (
              a.attnum = ANY (i.indkey::int2[])
              OR EXISTS (
                  SELECT
                  FROM pg_depend AS d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
              )
          )
        ORDER BY a.attnum
    ) AS columns
FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_am AS am ON am.oid = c.relam
WHERE i.indrelid = ANY (:oids::oid[])
ORDER BY 1, 2;
