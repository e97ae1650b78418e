-- At COMMIT: who has changed {source} meanwhile could not see the row yet. The lock makes one of the two wait, and be it for
-- that instant only: taken earlier, it would be in the way of whoever changes the row of {source} in the same transaction.
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = {search_path} AS $kept$
BEGIN
  PERFORM FROM {source} AS there WHERE {its_source} FOR SHARE;
  UPDATE {table} AS here SET {column} = there.{value} FROM {source} AS there
    WHERE {this_row} AND {its_source} AND {pairs} AND {apart};
  RETURN NULL;
END $kept$
