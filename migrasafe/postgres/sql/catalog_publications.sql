-- Which publications are there, and what do they publish by name?
SELECT
    p.pubname AS name,
    p.puballtables AS all_tables,
    p.pubupdate OR p.pubdelete AS changes,
    (
        SELECT coalesce(array_agg(r.prrelid ORDER BY r.oid), '{}')
        FROM pg_publication_rel r
        WHERE r.prpubid = p.oid
    ) AS tables
FROM pg_publication p
ORDER BY p.pubname
