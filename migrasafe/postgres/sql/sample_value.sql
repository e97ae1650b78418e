-- What is some value of a type, as text? NULL where nothing simple is.
SELECT CASE
         WHEN t.typtype = 'e' THEN (SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1)
         WHEN t.typcategory = 'A' THEN '{}'
         WHEN t.typname IN ('json', 'jsonb') THEN '{}'
         WHEN t.typname = 'uuid' THEN '00000000-0000-0000-0000-000000000001'
         WHEN t.typname = 'bytea' THEN '\x00'
         WHEN t.typcategory = 'N' THEN '1'
         WHEN t.typcategory = 'S' THEN 'x'
         WHEN t.typcategory = 'B' THEN 'true'
         WHEN t.typname IN ('time', 'timetz') THEN '00:00'
         WHEN t.typcategory = 'D' THEN '2020-01-01'
         WHEN t.typcategory = 'T' THEN '1 day'
         WHEN t.typname IN ('inet', 'cidr') THEN '127.0.0.1'
         WHEN t.typname = 'citext' THEN 'x'
         WHEN t.typcategory = 'R' THEN 'empty'
       END
FROM pg_type b
JOIN pg_type t ON t.oid = CASE WHEN b.typtype = 'd' THEN b.typbasetype ELSE b.oid END
WHERE b.oid = %s
