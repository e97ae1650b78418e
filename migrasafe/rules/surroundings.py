"""What is around a statement: the end of its transaction or migration, and the functions that it runs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from migrasafe.schema.model import Granted, Ref, Schema
from migrasafe.sql.statements import Guarded, Statement


class LiteralsUsed(Struct, frozen=True, kw_only=True):
    """The string constants of statements that follow each other."""

    places: dict[int, int]
    """The id of a statement → its place among them."""
    users: dict[str, list[tuple[int, Statement]]]
    """A constant → the statements that use it, each with its place."""


class Ending(Struct, eq=False):
    """The schema at the end of a transaction or migration: one for all of its statements, filled in once it is over."""

    schema: Schema | None = None
    literals: LiteralsUsed | None = None
    """Of the transaction from the first new enum value on, once enum-value-used-before-commit has looked."""
    usual_grants: dict[str, frozenset[Granted]] = {}
    """Schema name → what all tables in it granted before the migration, once new-table-without-grants has looked."""

    def reached(self) -> Schema:
        """The schema; only once the walk has been there."""
        assert self.schema is not None
        return self.schema


class Following(Struct, frozen=True):
    """The statements behind one of a body, and behind those of the bodies around it: not a list of them for each statement."""

    body: Sequence[Guarded]
    first: int
    around: Iterable[Statement]

    def __iter__(self) -> Iterator[Statement]:
        for place in range(self.first, len(self.body)):
            yield self.body[place].statement
        yield from self.around


class Caller(Struct, frozen=True, kw_only=True):
    """A function around a statement, and the trigger that calls it if one does."""

    function: Ref
    trigger: str | None = None

    def __str__(self) -> str:
        name = self.function.name if self.function.schema == "public" else str(self.function)
        return f"{name}()" if self.trigger is None else f"{name}(), for the trigger {self.trigger}"
