-- Of some rows that match the predicate, how many match it still once they are changed?
BEGIN READ ONLY;
SET LOCAL statement_timeout = 5000;
SELECT count(*), count(*) FILTER (WHERE :todo)
FROM (SELECT :changed_columns FROM (SELECT * FROM ONLY :relation AS :alias WHERE :todo LIMIT 200) AS :alias) AS :alias;
COMMIT;
