-- Where are some rows of a table that want the change? Places from which a batch can be tried.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL statement_timeout = 30000;
SELECT :key FROM ONLY :relation AS :alias TABLESAMPLE SYSTEM (:percent) REPEATABLE (2) WHERE :todo ORDER BY random() LIMIT :places;
ROLLBACK;
