-- Which constraints do tables and domains have? Not those that PostgreSQL keeps for itself beside a foreign key to a
-- partitioned table, one per partition. What older servers do not have is read by name out of the row as JSON.
SELECT
    k.conrelid AS relation,
    k.contypid AS domain,
    k.conname AS name,
    k.contype AS kind,
    pg_get_constraintdef(k.oid) AS definition,
    (
        SELECT coalesce(array_agg(a.attname::text ORDER BY u.place), '{}')
        FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
    ) AS columns,
    k.confrelid AS target,
    (
        SELECT coalesce(array_agg(a.attname::text ORDER BY u.place), '{}')
        FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
    ) AS target_columns,
    k.convalidated AS valid,
    coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AS enforced,
    k.condeferrable AS deferrable,
    k.condeferred AS initially_deferred,
    k.connoinherit AND k.contype IN ('c', 'n') AS no_inherit,
    k.conindid AS index,
    k.coninhcount > 0 OR k.conparentid <> 0 AS inherited
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x', 'n')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (n.nspname !~ '^pg_(toast|temp_)' OR n.oid = pg_my_temp_schema())
  AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
ORDER BY k.oid
