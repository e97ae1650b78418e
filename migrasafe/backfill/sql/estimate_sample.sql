-- Of some pages of a table, how many rows are there and how many want the change?
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL statement_timeout = 30000;
SELECT count(*), count(*) FILTER (WHERE :todo)
FROM :relation AS :alias TABLESAMPLE SYSTEM (:percent) REPEATABLE (1);
ROLLBACK;
