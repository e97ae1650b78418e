-- Which columns does a row of each user's table need, and of what kind are they?
SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum), array_agg(a.atttypid::bigint ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_t%'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY n.nspname, c.relname
ORDER BY n.nspname, c.relname
