-- Which tables could have been meant by a name that is none?
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND lower(c.relname) = lower(:name)
ORDER BY 1 LIMIT 3;
