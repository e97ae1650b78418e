"""What an app asks the server before it writes: what each side is by the other, in the words that the plan has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from migrasafe.plan.app_code.model import Mapped, Value, Worked
from migrasafe.plan.app_code.names import attribute, literal
from migrasafe.schema.model import Column
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident


class BothSides(Struct, frozen=True, kw_only=True):
    """For a template."""

    question: tuple[str, ...]
    """Lines of a SELECT that gives every column of both sides, the old ones first."""
    old: tuple[str, ...]
    """Strings of the attributes."""
    new: tuple[str, ...]


def both_sides(worked: Worked, escaped: Callable[[str], str], bind: Callable[[int], str]) -> BothSides:
    """The question, with a parameter for each column; what is not a parameter is `escaped`."""
    every = (*worked.old, *worked.new)
    values = [f"    ({escaped(deparse_expression(one.of))})::{one.type} AS {_name(one, escaped)}" for one in every]
    given = [f"    CAST({bind(at)} AS {one.type}) AS {_name(one, escaped)}" for at, one in enumerate(every, start=1)]
    return BothSides(
        question=(
            "SELECT",
            *_with_commas(values),
            "FROM (SELECT",
            *_with_commas(given),
            f") AS {escaped(quote_ident(worked.table.name))}",
        ),
        old=tuple(literal(attribute(one.name)) for one in worked.old),
        new=tuple(literal(attribute(one.name)) for one in worked.new),
    )


def columns_of(table: Mapped, worked: Worked) -> tuple[Column, ...]:
    """The columns of both sides, the old ones first; the new ones as they are before the rows are filled."""
    known = {column.name: column for column in (*table.changed, *table.gone, *table.existed)}
    return tuple(known[one.name] for one in (*worked.old, *worked.new) if one.name in known)


def _name(one: Value, escaped: Callable[[str], str]) -> str:
    return escaped(quote_ident(one.name))


def _with_commas(lines: list[str]) -> Iterator[str]:
    for at, line in enumerate(lines, start=1):
        yield line if at == len(lines) else f"{line},"
