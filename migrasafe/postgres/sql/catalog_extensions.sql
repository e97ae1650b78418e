-- Which extensions are installed, besides the one that every database has?
SELECT extname AS name
FROM pg_extension
WHERE extname <> 'plpgsql'
ORDER BY extname
