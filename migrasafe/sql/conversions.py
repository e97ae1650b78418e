"""Values from one type to another and back, without ever raising: the ways that are known."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, TypeName


class Conversion(Struct, frozen=True, kw_only=True):
    up: Expression
    """The new value, over the old column's name."""
    down: Expression
    """The old value, over the new column's name."""
    pitfall: str = ""
    """What is not the same after the way there and back."""


_RANGES = {
    "int2": (-32768, 32767),
    "int4": (-2147483648, 2147483647),
    "int8": (-9223372036854775808, 9223372036854775807),
}
_EXACT = 9007199254740991
"""The largest whole number up to which double precision has all of them."""
_WIDER = {("int2", "int4"), ("int2", "int8"), ("int4", "int8")}
_TEXTS = {"text", "varchar", "bpchar", "citext"}
Written = tuple[str, str, str]
"""up, down, pitfall: with {old} and {new} for the columns."""


def known_conversion(old: TypeName, new: TypeName, old_column: str, new_column: str) -> Conversion | None:
    """How values of `old` become values of `new` and back; None where that is for a person to say."""
    if old.array or new.array:
        return None
    for way in _WAYS:
        written = way(old.name, new.name)
        if written is not None:
            up, down, pitfall = (
                text.format(old=quote_ident(old_column), new=quote_ident(new_column)) for text in written
            )
            up = _if_it_fits(up, quote_ident(old_column), new, short=True)
            down = _if_it_fits(down, quote_ident(new_column), old, short=False)
            return Conversion(up=parse_expression(up), down=parse_expression(down), pitfall=pitfall)
    return None


def _if_it_fits(value: str, column: str, type: TypeName, *, short: bool) -> str:
    """The value where the type has room for it, else null: a number that has too many digits would make the write fail, and
    a text that is cut off (`short`: not on the way back) would be lost without a word."""
    sizes = [int(one) for one in type.modifiers if one.lstrip("-").isdigit()]
    if not sizes or len(sizes) != len(type.modifiers):
        return value
    if type.name == "numeric":
        digits, scale = sizes[0], sizes[1] if len(sizes) > 1 else 0
        return f"CASE WHEN abs(round(({value})::numeric, {scale})) < 1e{digits - scale}::numeric THEN {value} END"
    if short and type.name in ("varchar", "bpchar"):
        return f"CASE WHEN length(({column})::text) <= {sizes[0]} THEN {value} END"
    return value


def _whole_numbers(old: str, new: str) -> Written | None:
    if (old, new) not in _WIDER:
        return None
    low, high = _RANGES[old]
    down = f"CASE WHEN {{new}} BETWEEN {low} AND {high} THEN {{new}}::{old} END"
    return f"{{old}}::{new}", down, f"a number beyond {high} is null to the old version"


def _fewer_digits(old: str, new: str) -> Written | None:
    if (new, old) not in _WIDER:
        return None
    low, high = _RANGES[new]
    up = f"CASE WHEN {{old}} BETWEEN {low} AND {high} THEN {{old}}::{new} END"
    return up, f"{{new}}::{old}", f"a number beyond {high} has no place in the new type: a gate counts such rows"


def _decimals(old: str, new: str) -> Written | None:
    if old != "numeric":
        return None
    if new == "numeric":
        return (
            "{old}",
            "{new}",
            "digits that the new type has no place for are rounded; too large a number has none: a gate counts",
        )
    if new in _RANGES:
        low, high = _RANGES[new]
        up = f"CASE WHEN round({{old}}) BETWEEN {low} AND {high} THEN {{old}}::{new} END"
        return (
            up,
            "{new}::numeric",
            "numbers are rounded; one beyond the range has no place in the new type: a gate counts",
        )
    return None


def _floats(old: str, new: str) -> Written | None:
    if new != "float8" or old not in _RANGES:
        return None
    low, high = (-_EXACT, _EXACT) if old == "int8" else _RANGES[old]
    down = f"CASE WHEN {{new}} BETWEEN {low} AND {high} THEN {{new}}::{old} END"
    return "{old}::float8", down, f"the old version sees numbers rounded, and null beyond {high}"


def _numbers(old: str, new: str) -> Written | None:
    if new != "numeric" or old not in _RANGES:
        return None
    low, high = _RANGES[old]
    down = f"CASE WHEN {{new}} BETWEEN {low} AND {high} THEN {{new}}::{old} END"
    return "{old}::numeric", down, "the old version sees numbers rounded, and null beyond its range"


def _to_text(old: str, new: str) -> Written | None:
    if new not in _TEXTS:
        return None
    if old in _TEXTS:
        return f"{{old}}::{new}", f"{{new}}::{old}", ""
    if old in _RANGES:
        down = _if_number("{new}", old)
        return f"{{old}}::{new}", down, "a text that is no number is null to the old version"
    if old == "uuid":
        pattern = "^[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}$"
        return (
            f"{{old}}::{new}",
            f"CASE WHEN {{new}} ~ '{pattern}' THEN {{new}}::uuid END",
            "a text that is no uuid is null to the old version",
        )
    return None


def _from_text(old: str, new: str) -> Written | None:
    if old not in _TEXTS or new not in _RANGES:
        return None
    return (
        _if_number("{old}", new),
        f"{{new}}::{old}",
        "a text that is no number becomes null; signs, zeros in front and blanks are lost",
    )


def _if_number(column: str, type: str) -> str:
    """Nine or eighteen digits always fit; the regular expression decides before the cast is tried."""
    digits = {"int2": 4, "int4": 9, "int8": 18}[type]
    return f"CASE WHEN {column} ~ '^\\s*[-+]?[0-9]{{{{1,{digits}}}}}\\s*$' THEN {column}::{type} END"


def _json(old: str, new: str) -> Written | None:
    if (old, new) != ("json", "jsonb"):
        return None
    return (
        "{old}::jsonb",
        "{new}::json",
        "jsonb keeps neither the order of keys nor the second of two alike; a \\u0000 in a text makes the conversion fail",
    )


_WAYS: tuple[Callable[[str, str], Written | None], ...] = (
    _whole_numbers,
    _fewer_digits,
    _numbers,
    _decimals,
    _floats,
    _to_text,
    _from_text,
    _json,
)
