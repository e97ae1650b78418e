-- Which tables are partitions or inheritance children of which?
SELECT h.inhrelid AS child, h.inhparent AS parent
FROM pg_inherits h
JOIN pg_class c ON c.oid = h.inhrelid
WHERE c.relkind IN ('r', 'p', 'f')
ORDER BY h.inhrelid, h.inhseqno
