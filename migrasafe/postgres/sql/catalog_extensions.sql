-- Which extensions are installed?
SELECT extname AS name
FROM pg_extension
ORDER BY extname
