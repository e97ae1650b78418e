"""Writes to one row of a table that says something twice: what both sides hold afterwards. None of them stays."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.app import TableUse
from migrasafe.rehearse.made_up.values import FillColumn
from migrasafe.sql.quote import quote_ident, quote_literal


class Pair(Struct, frozen=True, kw_only=True):
    """What a table says twice meanwhile."""

    use: TableUse
    old: tuple[FillColumn, ...]
    new: tuple[str, ...]
    """Columns …"""
    ups: tuple[str, ...]
    """… and what each is, from the old ones."""


Values = tuple[str, ...]
"""One expression for each column of a side …"""
Held = tuple[str | None, ...]
"""… and what it holds, as text."""


class Write(Struct, frozen=True, kw_only=True):
    version: str
    values: Values
    holds: Held
    """What the columns of that side then hold, as text."""

    def __str__(self) -> str:
        return f"the {self.version} version writes {', '.join(self.values)}"


def some_row(session: Connection, pair: Pair) -> str | None:
    """The condition that finds some row of the table; None: it is empty."""
    rows = run(session, f"SELECT tableoid::text, ctid::text FROM {pair.use.name} LIMIT 1")
    return _place(*rows[0]) if rows else None


def _place(table: str, row: str) -> str:
    """Where a row is: not by its key, which may be what changes."""
    return f"tableoid = {quote_literal(table)} AND ctid = {quote_literal(row)}"


class After(Struct, frozen=True, kw_only=True):
    old: Held
    new: Held
    in_step: bool


class Trial:
    """One row, which is as before after every trial."""

    def __init__(self, session: Connection, pair: Pair, where: str) -> None:
        self._session, self._pair, self._where = session, pair, where

    def after(self, writes: Sequence[Write]) -> After | SqlState:
        """What the row holds after these writes, none of which stays."""
        where = self._where
        run(self._session, "BEGIN")
        try:
            for write in writes:
                sets = ", ".join(map(" = ".join, zip(self._columns(write.version), write.values, strict=True)))
                changed = ask(
                    self._session,
                    f"UPDATE {self._pair.use.name} SET {sets} WHERE {where} RETURNING tableoid::text, ctid::text",
                )
                if isinstance(changed, SqlState):
                    return changed
                where = _place(*map(str, changed[0]))
            answer = ask(self._session, f"{self._question()} WHERE {where}")
        finally:
            run(self._session, "ROLLBACK")
        if isinstance(answer, SqlState):
            return answer
        old, new, in_step = answer[0]
        return After(old=_tuple(old), new=_tuple(new), in_step=bool(in_step))

    def _columns(self, version: str) -> tuple[str, ...]:
        """Of one side, as SQL says their names."""
        return self._pair.new if version == "new" else tuple(quote_ident(one.name) for one in self._pair.old)

    def _question(self) -> str:
        old, new = (", ".join(f"{name}::text" for name in self._columns(version)) for version in ("old", "new"))
        return (
            f"SELECT ARRAY[{old}], ARRAY[{new}],"
            f" pg_catalog.record_image_eq(ROW({', '.join(self._pair.new)}), ROW({', '.join(self._pair.ups)}))"
            f" FROM {self._pair.use.name}"
        )


def constants(texts: Held) -> Values:
    return tuple("NULL" if text is None else quote_literal(text) for text in texts)


def _tuple(values: object) -> Held:
    assert isinstance(values, list)
    return tuple(values)
