-- Does a trigger write to new and changed rows, so that they need no backfill?
SELECT t.tgname, p.proname
FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE t.tgrelid = :table_oid::oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0
ORDER BY 1;
