-- How big are these tables, their partitions added up, and how wide are their columns?
WITH wanted AS (
  SELECT c.oid, n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest(%s::text[], %s::text[])) AND c.relkind IN ('r', 'p')
), parts AS (
  SELECT w.oid AS root, w.oid AS part FROM wanted w
  UNION
  SELECT w.oid, t.relid FROM wanted w, pg_partition_tree(w.oid) t WHERE t.isleaf
)
SELECT w.nspname, w.relname,
  sum(greatest(c.reltuples, 0))::bigint AS rows,
  bool_and(c.reltuples > 0 OR pg_relation_size(c.oid) = 0) AS is_analyzed,
  sum(pg_table_size(c.oid))::bigint AS heap_bytes,
  sum(pg_indexes_size(c.oid))::bigint AS index_bytes,
  (SELECT count(*) FROM pg_index i WHERE i.indrelid = w.oid) AS indexes,
  (SELECT json_object_agg(s.attname, s.width) FROM (
     SELECT attname, max(avg_width) AS width FROM pg_stats s
     WHERE s.schemaname = w.nspname AND s.tablename = w.relname GROUP BY attname
   ) s) AS widths
FROM wanted w JOIN parts p ON p.root = w.oid JOIN pg_class c ON c.oid = p.part AND c.relkind <> 'p'
GROUP BY w.oid, w.nspname, w.relname
