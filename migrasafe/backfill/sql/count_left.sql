-- How many rows of a range still want the change?
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
:set_local
:left;
COMMIT;
