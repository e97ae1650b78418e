-- Which schemas does each publication publish as a whole? (15)
SELECT p.pubname AS publication, n.nspname AS schema
FROM pg_publication_namespace s
JOIN pg_publication p ON p.oid = s.pnpubid
JOIN pg_namespace n ON n.oid = s.pnnspid
ORDER BY p.pubname, s.oid
