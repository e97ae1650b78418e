-- All that belongs to the schema, a line each, in words that are equal when the things are: without oids, without the
-- order of columns, and without what migrasafe keeps for itself.
WITH spaces AS (
    SELECT oid, nspname, nspacl FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'migrasafe')
),
relations AS (
    SELECT relation.*, pg_catalog.format('%I.%I', spaces.nspname, relation.relname) AS named
    FROM pg_catalog.pg_class AS relation JOIN spaces ON spaces.oid = relation.relnamespace
),
described AS (
    SELECT objoid, classoid, objsubid, description FROM pg_catalog.pg_description
)
SELECT 'schema ' || pg_catalog.quote_ident(nspname) || ' ' || coalesce(nspacl::text, '') AS line FROM spaces
UNION ALL
SELECT pg_catalog.format('relation %s kind %s persistence %s options %s acl %s replica %s security %s %s of %s: %s',
    named, relkind, relpersistence, reloptions, (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(relacl) AS one),
    relreplident, relrowsecurity, relforcerowsecurity,
    (SELECT array_agg(parent.inhparent::regclass::text ORDER BY inhseqno) FROM pg_catalog.pg_inherits AS parent
     WHERE parent.inhrelid = relations.oid) || coalesce(pg_catalog.pg_get_expr(relpartbound, relations.oid), ''),
    (SELECT description FROM described WHERE objoid = relations.oid AND classoid = 'pg_class'::regclass AND objsubid = 0))
FROM relations WHERE relkind NOT IN ('t', 'c')
UNION ALL
SELECT pg_catalog.format('column %s.%I type %s collation %s not null %s default %s identity %s generated %s storage %s'
    ' compression %s statistics %s options %s acl %s: %s',
    named, attname, pg_catalog.format_type(atttypid, atttypmod), (SELECT collname FROM pg_catalog.pg_collation WHERE oid = attcollation), attnotnull,
    pg_catalog.pg_get_expr(standard.adbin, standard.adrelid), attidentity, attgenerated, attstorage,
    pg_catalog.to_jsonb(attribute) ->> 'attcompression', nullif(attstattarget, -1), attoptions,
    (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(attacl) AS one),
    (SELECT description FROM described WHERE objoid = relations.oid AND classoid = 'pg_class'::regclass AND objsubid = attnum))
FROM relations
JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS standard ON standard.adrelid = attrelid AND standard.adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
-- Before 18 no VALIDATE CONSTRAINT reaches the parts of a foreign key for each partition that it refers to, and nothing reads
-- whether they are valid: the key itself says it.
SELECT pg_catalog.format('constraint %I on %s: %s valid %s inherited %s: %s', part.conname,
    coalesce(part.conrelid::regclass::text, part.contypid::regtype::text),
    pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(part.oid), CASE WHEN key.oid IS NOT NULL THEN ' NOT VALID$' ELSE '$' END, ''),
    CASE WHEN key.oid IS NULL THEN part.convalidated END, part.coninhcount,
    (SELECT description FROM described WHERE objoid = part.oid AND classoid = 'pg_constraint'::regclass))
FROM pg_catalog.pg_constraint AS part JOIN spaces ON spaces.oid = part.connamespace
LEFT JOIN pg_catalog.pg_constraint AS key ON key.oid = part.conparentid AND key.conrelid = part.conrelid
    AND part.contype = 'f' AND pg_catalog.current_setting('server_version_num')::integer < 180000
UNION ALL
SELECT pg_catalog.format('index %s valid %s options %s statistics %s clustered %s identity %s', 
    pg_catalog.pg_get_indexdef(indexrelid), indisvalid, reloptions,
    (SELECT array_agg(attstattarget ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = indexrelid),
    indisclustered, indisreplident)
FROM pg_catalog.pg_index JOIN relations ON relations.oid = indexrelid
UNION ALL
SELECT pg_catalog.format('trigger %s enabled %s', pg_catalog.pg_get_triggerdef(pg_trigger.oid), tgenabled)
FROM pg_catalog.pg_trigger JOIN relations ON relations.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT pg_catalog.format('policy %I on %s for %s permissive %s roles %s using %s check %s', polname, named, polcmd,
    polpermissive, (SELECT array_agg(role::regrole::text ORDER BY role::regrole::text) FROM unnest(nullif(polroles, '{0}')) AS role),
    pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid))
FROM pg_catalog.pg_policy JOIN relations ON relations.oid = polrelid
UNION ALL
SELECT pg_catalog.format('view %s as %s', named, pg_catalog.pg_get_viewdef(relations.oid))
FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT pg_catalog.format('rule %s', pg_catalog.pg_get_ruledef(pg_rewrite.oid))
FROM pg_catalog.pg_rewrite JOIN relations ON relations.oid = ev_class WHERE rulename <> '_RETURN'
UNION ALL
SELECT pg_catalog.format('function %s acl %s: %s', pg_proc.oid::regprocedure,
    (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(proacl) AS one),
    CASE WHEN prokind = 'a' THEN '' ELSE pg_catalog.pg_get_functiondef(pg_proc.oid) END)
FROM pg_catalog.pg_proc JOIN spaces ON spaces.oid = pronamespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL
SELECT pg_catalog.format('sequence %s type %s start %s increment %s from %s to %s cycle %s owned by %s', named,
    seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcycle,
    (SELECT pg_catalog.format('%s.%I', refobjid::regclass, attname) FROM pg_catalog.pg_depend
     JOIN pg_catalog.pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
     WHERE objid = relations.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i') LIMIT 1))
FROM pg_catalog.pg_sequence JOIN relations ON relations.oid = seqrelid
UNION ALL
SELECT pg_catalog.format('type %s of %s not null %s default %s labels %s', pg_type.oid::regtype,
    pg_catalog.format_type(typbasetype, typtypmod), typnotnull, typdefault,
    (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = pg_type.oid))
FROM pg_catalog.pg_type JOIN spaces ON spaces.oid = typnamespace WHERE typtype IN ('d', 'e', 'r')
UNION ALL
SELECT 'statistics ' || pg_catalog.pg_get_statisticsobjdef(pg_statistic_ext.oid)
FROM pg_catalog.pg_statistic_ext JOIN spaces ON spaces.oid = stxnamespace
UNION ALL
SELECT pg_catalog.format('publication %I has %I.%I %s where %s', pubname, schemaname, tablename,
    (SELECT array_agg(one ORDER BY one)
     FROM pg_catalog.jsonb_array_elements_text(pg_catalog.to_jsonb(published) -> 'attnames') AS one),
    pg_catalog.to_jsonb(published) ->> 'rowfilter')
FROM pg_catalog.pg_publication_tables AS published
ORDER BY 1
