-- Which relations are there outside the system schemas, to which table does each index belong, where are their rows?
SELECT relation.oid,
       namespace.nspname,
       relation.relname,
       relation.relkind::text,
       coalesce(index.indrelid, relation.oid) AS table_oid,
       relation.relfilenode,
       relation.reltablespace,
       pg_catalog.pg_relation_size(relation.oid) AS size_bytes,
       coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(relation.oid), 0) AS rows_read,
       coalesce(pg_catalog.pg_stat_get_xact_tuples_inserted(relation.oid), 0)
           + coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(relation.oid), 0)
           + coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(relation.oid), 0) AS rows_changed
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
LEFT JOIN pg_catalog.pg_index AS index ON index.indexrelid = relation.oid
WHERE namespace.nspname !~ '^pg_'
  AND namespace.nspname <> 'information_schema'
  AND relation.relkind <> 'c'
