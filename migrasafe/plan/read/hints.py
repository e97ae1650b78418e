"""What people say beside a change: how both names are kept alive, how values are converted there and back."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.errors import InputError, MigrasafeError
from migrasafe.plan.conversion.bad_rows import BadRows, bad_rows_of
from migrasafe.sql import statements as sql
from migrasafe.sql.statements import Expression

Assignments = tuple[tuple[str, Expression], ...]


class Hints(Struct, frozen=True, kw_only=True):
    way: str | None = None
    up: Expression | None = None
    """The new value, over the old column's name."""
    down: Expression | None = None
    up_each: Assignments = ()
    """Where several columns are new: the value of each, as `a = …, b = …` says it."""
    down_each: Assignments = ()
    new_name: str | None = None
    """Of the column of another type, where the app writes both."""
    time_zone: str | None = None
    """Of what a timestamp without time zone tells."""
    bad_rows: BadRows = BadRows()


def hints_of(
    *,
    way: str | None = None,
    up: str | None = None,
    down: str | None = None,
    new_name: str | None = None,
    time_zone: str | None = None,
    bad_rows: Sequence[str] = (),
) -> Hints:
    """The hints that options say. Raises InputError for a text that is neither one value nor a list of `column = value`."""
    return Hints(
        way=way,
        new_name=_name(new_name),
        time_zone=time_zone,
        bad_rows=bad_rows_of(bad_rows),
        up=_value("--up", up),
        down=_value("--down", down),
        up_each=_each(up),
        down_each=_each(down),
    )


def for_columns(one: Expression | None, each: Assignments, columns: Sequence[str]) -> Assignments:
    """The values said for these columns; `a = b` is a value of its own where it names none of them."""
    if each and all(column in columns for column, _ in each):
        return each
    return ((columns[0], one),) if one is not None and len(columns) == 1 else ()


def part_from(text: str) -> float:
    """`0.1%` as a part of one. Raises InputError."""
    try:
        part = float(text.removesuffix("%").strip()) / 100 if text.endswith("%") else -1.0
    except ValueError:
        part = -1.0
    if not 0 <= part < 1:
        raise InputError(f"--tolerate {text}: say a part of the rows, such as 0.1%")
    return part


def _name(text: str | None) -> str | None:
    if text is None:
        return None
    from migrasafe.plan.read.names_said import name_parts

    try:
        (name,) = name_parts(text)
    except ValueError as error:
        raise InputError(
            f"--new-name {text}: is not a name; put names with capitals or signs in double quotes"
        ) from error
    return name


def _value(option: str, text: str | None) -> Expression | None:
    from migrasafe.sql.deparse import parse_expression

    if text is None:
        return None
    try:
        return parse_expression(text)
    except ValueError as error:
        if _each(text):
            return None
        raise InputError(f"{option} {text!r}: {error}") from error


def _each(text: str | None) -> Assignments:
    from migrasafe.sql.parse import read_script
    from migrasafe.sql.source import Source

    if text is None:
        return ()
    try:
        statements = read_script(Source(path="", text=f"UPDATE t SET {text}")).statements
    except MigrasafeError:
        return ()
    only = statements[0] if len(statements) == 1 else None
    if not isinstance(only, sql.Update) or only.where is not None or only.joins:
        return ()
    return tuple((column, value) for column, value in only.assignments if value is not None)
