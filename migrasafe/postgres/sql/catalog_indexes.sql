-- Which indexes are there, what do they cover, and which of them are not valid?
SELECT
    i.indexrelid AS index,
    i.indrelid AS relation,
    pg_get_indexdef(i.indexrelid) AS definition,
    ARRAY(
        SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attnum > 0 ORDER BY a.attnum
    ) AS column_names,
    i.indisvalid AS valid,
    i.indisreplident AS replica_identity,
    (
        SELECT k.conname
        FROM pg_constraint k
        WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    ) AS constraint,
    (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AS parent
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (n.nspname !~ '^pg_(toast|temp_)' OR n.oid = pg_my_temp_schema())
ORDER BY i.indexrelid
