-- Runs between the table's own triggers and ours: who writes {old_list} and means it is a writer of the old version.
-- As its owner, since writers need no privilege on the sequences. A sequence makes nobody wait, and is not rolled back; that
-- of the time is written once a second at most.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $migrasafe$
DECLARE
  this_second bigint;
BEGIN
  IF (TG_OP = 'INSERT' AND ({all_new_missing}) AND {old_is_given}) OR
     (TG_OP = 'UPDATE' AND {old_changed} AND {old_differs_from_down}) THEN
    PERFORM pg_catalog.nextval({count_name});
    this_second := pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()));
    IF (SELECT last_value FROM {last}) < this_second THEN
      PERFORM pg_catalog.setval({last_name}, this_second);
    END IF;
  END IF;
  RETURN NEW;
END $migrasafe$
