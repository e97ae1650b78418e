-- Which tables hold the rows: the table itself, or the leaves below it, in order of name?
WITH RECURSIVE tree AS (
    SELECT :table_oid::oid AS oid
    UNION ALL
    SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT
    c.oid::bigint,
    n.nspname,
    c.relname,
    c.relkind::text,
    pg_relation_filenode(c.oid)::bigint AS filenode,
    greatest(c.reltuples, 0)::bigint AS rows,
    pg_relation_size(c.oid) AS bytes,
    coalesce(pg_relation_size(c.oid) / current_setting('block_size')::bigint, 0)::bigint AS blocks
FROM (SELECT DISTINCT oid FROM tree) AS t
    JOIN pg_class AS c ON c.oid = t.oid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind <> 'p'
ORDER BY n.nspname, c.relname;
