"""Triggers that keep an old and a new column of a table in step, whichever of the two an app version writes.

Two triggers: the first of all carries what a new app version wrote into the old column, so that the table's own triggers
see it as ever; the last of all carries the old column into the new one. A pair that agrees already is left alone: filling
old rows must not change the old column. Compared are the bytes (record_image_ne), since json and point have no `=`, and
citext or numeric values that are equal may differ. The triggers of one kind fire in the order of their names.
https://www.postgresql.org/docs/current/sql-createtrigger.html
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.rules.wording import sql_name
from migrasafe.schema.evolve.generated_names import clipped, object_name
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident

_FIRST = """\
CREATE FUNCTION {first_function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  other {on}.{new}%TYPE;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.{new} IS NULL THEN RETURN NEW; END IF;
  ELSIF NOT record_image_ne(ROW(NEW.{new}), ROW(OLD.{new})) THEN
    RETURN NEW;
  END IF;
  other := {up};
  IF record_image_ne(ROW(NEW.{new}), ROW(other)) THEN
    NEW.{old} := {down};
  END IF;
  RETURN NEW;
END $$"""
_LAST = """\
CREATE FUNCTION {last_function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  other {on}.{old}%TYPE;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.{new} IS NOT NULL THEN
    IF NOT record_image_ne(ROW(NEW.{old}), ROW(OLD.{old})) THEN RETURN NEW; END IF;
  END IF;
  other := {down};
  IF record_image_ne(ROW(NEW.{old}), ROW(other)) THEN
    NEW.{new} := {up};
  END IF;
  RETURN NEW;
END $$"""


class Pair(Struct, frozen=True, kw_only=True):
    """An old and a new column of one table, and how each is made from the other."""

    table: Ref
    on: str
    """The table as SQL."""
    old: str
    """Columns as SQL."""
    new: str
    up: str
    """The new value from NEW."""
    down: str
    """The old value from NEW."""
    column: str
    """The name of the old column, for the names of triggers."""

    def begin(self) -> tuple[str, ...]:
        """The functions first: a trigger cannot do without."""
        first, last = self._function("first"), self._function("last")
        words = {"on": self.on, "old": self.old, "new": self.new, "up": self.up, "down": self.down}
        each = "BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION {1}()"
        return (
            _FIRST.format(first_function=first, **words),
            _LAST.format(last_function=last, **words),
            f"CREATE TRIGGER {self._trigger('!')} {each.format(self.on, first)}",
            f"CREATE TRIGGER {self._trigger('~')} {each.format(self.on, last)}",
        )

    def end(self) -> tuple[str, ...]:
        """Before the old column goes, in the same transaction."""
        return (
            f"DROP TRIGGER {self._trigger('!')} ON {self.on}",
            f"DROP TRIGGER {self._trigger('~')} ON {self.on}",
            f"DROP FUNCTION {self._function('first')}()",
            f"DROP FUNCTION {self._function('last')}()",
        )

    def _function(self, which: str) -> str:
        return sql_name(Ref(self.table.schema, object_name(self.table.name, self.column, f"sync_{which}")))

    def _trigger(self, mark: str) -> str:
        return quote_ident(clipped(f"{mark}{object_name(self.table.name, self.column, 'sync')}"))
