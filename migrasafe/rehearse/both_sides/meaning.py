"""What the one-shot migration makes of a value: what the triggers and the job of a plan have to make of it, too.

Triggers and job say the same, so that they can be wrong alike; the migration was written by somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.both_sides.there_and_back import Held, Pair, Values, constants, some_row
from migrasafe.rehearse.made_up.app import Place, TableUse
from migrasafe.rehearse.one_shot import OneShot
from migrasafe.sql.quote import quote_ident


class Meaning:
    """Asks the migration, in a database as before it; nothing of it stays."""

    def __init__(self, session: Connection, pair: Pair, later: Sequence[str], one_shot: OneShot) -> None:
        """`later`: the new columns as they are called after the migration; none: it does not say what they hold."""
        self._session, self._pair = session, pair
        self._read = ", ".join(f"{quote_ident(name)}::text" for name in later)
        self._key = ", ".join(f"{quote_ident(one.name)}::text" for one in pair.use.key)
        self._row = some_row(session, pair) if later and self._key else None
        self._one_shot = one_shot

    def of(self, values: Values) -> Held | None:
        """What the new columns hold, as text; None: the migration does not take the value, or does not say."""
        if self._row is None:
            return None
        columns = (quote_ident(column.name) for column in self._pair.old)
        sets = ", ".join(map(" = ".join, zip(columns, values, strict=True)))
        table = self._pair.use.name
        run(self._session, "BEGIN")
        try:
            row = ask(self._session, f"UPDATE {table} SET {sets} WHERE {self._row} RETURNING {self._key}")
            if isinstance(row, SqlState) or not row or not self._one_shot.is_taken(self._session):
                return None
            key = ", ".join(constants(tuple(map(str, row[0]))))
            found = ask(self._session, f"SELECT {self._read} FROM {table} WHERE ROW({self._key}) = ROW({key})")
        finally:
            run(self._session, "ROLLBACK")
        if isinstance(found, SqlState) or not found:
            return None
        return tuple(None if value is None else str(value) for value in found[0])


def later_names(pair: Pair, new: Sequence[str], end: Sequence[TableUse], told: Collection[Place]) -> tuple[str, ...]:
    """How the new columns (their names unquoted) are called after the one-shot migration; none where it says nothing of what
    they hold, which is what is not in `told`. Where it changes a column in its place, the new side stands for it."""
    use = next((one for one in end if one.ref == pair.use.ref), None)
    if use is None:
        return ()
    types = {column.name: column.type for column in use.columns}
    names = tuple(new)
    if len(new) == len(pair.old) == 1 and names[0] not in types and types.get(pair.old[0].name) != pair.old[0].type:
        names = (pair.old[0].name,)
    return names if all(name in types and (use.ref, name) in told for name in names) else ()
