-- Do some rows, picked at random, have the values that the change would give them now?
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
:set_local
SELECT count(*), count(*) FILTER (WHERE :differs), to_jsonb((array_agg(:key) FILTER (WHERE :differs))[1:5])
FROM (
    SELECT :alias.*, :alias.ctid FROM ONLY :relation AS :alias TABLESAMPLE SYSTEM (:percent)
    WHERE :wanted ORDER BY random() LIMIT :rows
) AS :alias;
COMMIT;
