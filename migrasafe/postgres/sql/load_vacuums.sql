-- Which autovacuums work on these tables, their partitions and their TOAST tables, and do they prevent wraparound?
-- One that began for another reason does, too, once the table is older than the limit; the words of a worker may be hidden.
WITH RECURSIVE wanted AS (
    SELECT pg_catalog.unnest(%s::oid[]) AS oid
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN wanted ON i.inhparent = wanted.oid
), tables AS (
    SELECT c.oid, c.oid AS owner FROM pg_catalog.pg_class c JOIN wanted USING (oid)
    UNION ALL
    SELECT c.reltoastrelid, c.oid FROM pg_catalog.pg_class c JOIN wanted USING (oid) WHERE c.reltoastrelid <> 0
)
SELECT
    l.pid,
    pg_catalog.format('%%s.%%s', n.nspname, o.relname) AS table,
    coalesce(a.query LIKE '%%(to prevent wraparound)', false)
        OR pg_catalog.age(c.relfrozenxid) > pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint
        OR pg_catalog.mxid_age(c.relminmxid)
            > pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::bigint AS prevents_wraparound,
    p.heap_blks_scanned::float8 / nullif(p.heap_blks_total, 0) AS share_done
FROM pg_catalog.pg_locks l
JOIN tables t ON t.oid = l.relation
JOIN pg_catalog.pg_class c ON c.oid = t.oid
JOIN pg_catalog.pg_class o ON o.oid = t.owner
JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_stat_progress_vacuum p ON p.pid = l.pid AND p.relid = l.relation
WHERE l.locktype = 'relation'
  AND l.mode = 'ShareUpdateExclusiveLock'
  AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND coalesce(a.backend_type, 'autovacuum worker') = 'autovacuum worker'
