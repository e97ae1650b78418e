-- How does a table tell its rows apart for subscribers?
SELECT relreplident::text FROM pg_class WHERE oid = %s::text::regclass
