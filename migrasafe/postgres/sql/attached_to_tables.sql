-- What is kept beside each table and view that no migration's schema shows whole? Kind, name, text, and words to it.
WITH relations AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS relation, c.relkind, c.relowner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg\_toast%' AND c.relpersistence <> 't'
)
SELECT r.schema, r.relation, 'trigger' AS kind, t.tgname::text AS name, pg_catalog.pg_get_triggerdef(t.oid) AS text,
       ARRAY[t.tgenabled::text, pg_catalog.obj_description(t.oid, 'pg_trigger')] AS words
FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal
UNION ALL
SELECT r.schema, r.relation, 'statistics', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.stxname),
       pg_catalog.pg_get_statisticsobjdef(s.oid),
       ARRAY[n.nspname::text, s.stxname::text, pg_catalog.to_jsonb(s) ->> 'stxstattarget']
FROM pg_catalog.pg_statistic_ext s
JOIN relations r ON r.oid = s.stxrelid JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
UNION ALL
SELECT r.schema, r.relation, 'index comment', i.relname::text, pg_catalog.obj_description(i.oid, 'pg_class'), NULL
FROM pg_catalog.pg_index x JOIN relations r ON r.oid = x.indrelid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
WHERE pg_catalog.obj_description(i.oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT r.schema, r.relation, 'constraint comment', c.conname::text, pg_catalog.obj_description(c.oid, 'pg_constraint'), NULL
FROM pg_catalog.pg_constraint c JOIN relations r ON r.oid = c.conrelid
WHERE pg_catalog.obj_description(c.oid, 'pg_constraint') IS NOT NULL
UNION ALL
SELECT r.schema, r.relation, 'identity', a.attname::text,
       pg_catalog.concat_ws(' ',
         CASE WHEN s.seqstart <> 1 THEN 'START WITH ' || s.seqstart END,
         CASE WHEN s.seqincrement <> 1 THEN 'INCREMENT BY ' || s.seqincrement END,
         CASE WHEN s.seqincrement < 0 OR s.seqmin <> 1 THEN 'MINVALUE ' || s.seqmin END,
         CASE WHEN s.seqmax NOT IN (32767, 2147483647, 9223372036854775807) THEN 'MAXVALUE ' || s.seqmax END,
         CASE WHEN s.seqcache <> 1 THEN 'CACHE ' || s.seqcache END,
         CASE WHEN s.seqcycle THEN 'CYCLE' END),
       NULL
FROM pg_catalog.pg_attribute a
JOIN relations r ON r.oid = a.attrelid
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
  AND d.refobjsubid = a.attnum AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i'
JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
WHERE a.attidentity <> ''
UNION ALL
SELECT r.schema, r.relation, 'replica identity', i.relname::text, NULL, NULL
FROM pg_catalog.pg_index x JOIN relations r ON r.oid = x.indrelid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
WHERE x.indisreplident
UNION ALL
SELECT r.schema, r.relation, 'itself', '', pg_catalog.obj_description(r.oid, 'pg_class'),
       ARRAY[pg_catalog.pg_get_userbyid(r.relowner)::text]
FROM relations r
WHERE r.relkind IN ('v', 'm') OR pg_catalog.obj_description(r.oid, 'pg_class') IS NOT NULL
ORDER BY 1, 2, 3, 4
