"""Which values of one type a column of another refuses, as servers do; what nobody writes (numbers beyond 1e308, days after
the year 294276, infinity before PostgreSQL 14) is not thought of.

A value comes as text, which the type reads, or as a value of a type, for which there is an assignment cast or none (42804).
https://www.postgresql.org/docs/current/typeconv-query.html
"""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.sql.statements import TypeName

_ANY_TEXT = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_LIMITED = frozenset({"varchar", "bpchar"})
_LONGEST = {
    "bool": 5,
    "int2": 6,
    "int4": 11,
    "int8": 20,
    "oid": 10,
    "float4": 15,
    "float8": 24,
    "uuid": 36,
    "name": 63,
    "date": 13,
    "timestamp": 29,
    "timestamptz": 38,
    "time": 15,
    "timetz": 24,
    "macaddr": 17,
    "macaddr8": 23,
}
"""How many letters a value has at most."""

_MOST_DIGITS = {"int2": 5, "int4": 10, "int8": 19, "numeric": 308, "float4": 39, "float8": 308}
"""Before the point, of the largest value of the type."""
_ALL_DIGITS = {"int2": 4, "int4": 9, "int8": 18, "numeric": 308, "float4": 38, "float8": 308}
"""So many that the type has every such value."""
_WHOLE = frozenset({"int2", "int4", "int8"})

_CASTS = {
    **dict.fromkeys([("int2", "oid"), ("int4", "oid"), ("oid", "int8"), ("int4", "money")], None),
    ("int8", "oid"): "22003", ("int8", "money"): "22003", ("oid", "int4"): "22003", ("oid", "int2"): "22003",
    ("money", "numeric"): "22P02",
    **dict.fromkeys([("date", "timestamp"), ("date", "timestamptz"), ("timestamp", "date"), ("timestamp", "timestamptz")], None),
    **dict.fromkeys([("timestamptz", "date"), ("timestamptz", "timestamp"), ("timetz", "time")], None),
    **dict.fromkeys([("time", "timetz"), ("time", "interval")], None),
    **dict.fromkeys([("timestamp", "time"), ("timestamptz", "time"), ("timestamptz", "timetz")], None),
    ("interval", "time"): "22007", ("json", "jsonb"): "22P05",
    **dict.fromkeys([("jsonb", "json"), ("cidr", "inet"), ("macaddr", "macaddr8"), ("box", "polygon"), ("polygon", "path")], None),
    **dict.fromkeys([("inet", "cidr"), ("macaddr8", "macaddr"), ("path", "polygon"), ("point", "box")], "22P02"),
}  # fmt: skip
"""What has an assignment cast: the SQLSTATE for the values that are refused, None where all are taken."""
_LOST = {
    ("timestamp", "date"): "the time of day",
    ("timestamptz", "date"): "the time of day",
    **dict.fromkeys([("timestamp", "time"), ("timestamptz", "time"), ("timestamptz", "timetz")], "the day"),
    ("timestamptz", "timestamp"): "the time zone",
    ("timetz", "time"): "the time zone",
}
_UNREADABLE = {
    **dict.fromkeys(("date", "timestamp", "timestamptz", "time", "timetz", "interval"), "22007"),
    **dict.fromkeys(("tsvector", "tsquery", "jsonpath"), "42601"),
    "xml": "2200N",
}
"""What a type says of a text that is none of its values, where it is not “invalid text representation”."""
_INVALID_TEXT = "22P02"
_NO_CAST = "42804"
_NOT_KNOWN = ""


def refusal(old: TypeName, new: TypeName) -> str | None:
    """The SQLSTATE with which a column of type `new` refuses values of `old`; empty where it is not known which, None where
    it takes them all. Types below domains, please."""
    if old.array and new.array:
        return _refusal_of_one(replace(old, array=False), replace(new, array=False))
    if old.array or new.array:
        return _refused_text(old, new) if _is_text(old) or _is_text(new) else _NO_CAST
    return _refusal_of_one(old, new)


def lost_without_a_word(old: TypeName, new: TypeName) -> str | None:
    """What of a value of `old` goes when a column of type `new` takes it."""
    return _LOST.get((old.name, new.name)) if not _is_users(old) and not _is_users(new) else None


def _refusal_of_one(old: TypeName, new: TypeName) -> str | None:
    if _is_text(new):
        return _refused_text(old, new)
    if _is_users(new):
        return None if (old.schema, old.name) == (new.schema, new.name) else _NOT_KNOWN
    if new.name in ("bit", "varbit") and old.name in ("bit", "varbit"):
        return _refused_bits(old, new)
    if old.name == new.name and new.name != "numeric":
        return None
    if _is_text(old):
        return _unreadable(new)
    if _is_users(old):
        return _NOT_KNOWN
    if old.name in _MOST_DIGITS and (new.name in _MOST_DIGITS or (old.name, new.name) == ("numeric", "money")):
        return _refused_number(old, new)
    return _CASTS.get((old.name, new.name), _NO_CAST)


def _is_text(of: TypeName) -> bool:
    return not of.array and of.name in _ANY_TEXT and (not _is_users(of) or of.name == "citext")


def _is_users(of: TypeName) -> bool:
    return of.schema not in (None, "pg_catalog")


def _unreadable(new: TypeName) -> str:
    return _INVALID_TEXT if new.array else _UNREADABLE.get(new.name, _INVALID_TEXT)


def _refused_text(old: TypeName, new: TypeName) -> str | None:
    """Too long a text for `new`, or one that it cannot read."""
    if not _is_text(new):
        return _unreadable(new)
    room = _limit(new)
    longest = _longest(old)
    return None if room is None or (longest is not None and longest <= room) else "22001"


def _limit(of: TypeName) -> int | None:
    if of.modifiers:
        return int(of.modifiers[0])
    return 1 if of.name in ("bpchar", "bit") else None


def _longest(of: TypeName) -> int | None:
    if of.array or _is_users(of):
        return None
    if of.name in ("varchar", "bpchar", "bit", "varbit"):
        return _limit(of)
    if of.name == "numeric" and of.modifiers:
        return int(of.modifiers[0]) + 2  # its sign and its point
    return _LONGEST.get(of.name)


def _refused_bits(old: TypeName, new: TypeName) -> str | None:
    length, room = _limit(old), _limit(new)
    if new.name == "bit":
        return None if old.name == "bit" and length == room else "22026"
    return None if room is None or (length is not None and length <= room) else "22001"


def _refused_number(old: TypeName, new: TypeName) -> str | None:
    digits, room = _digits(old, _MOST_DIGITS), 16 if new.name == "money" else _digits(new, _ALL_DIGITS)
    if digits > room:
        return "22003"
    # A text such as 1.50 is no whole number; a value is rounded.
    return _INVALID_TEXT if new.name in _WHOLE and old.name == "numeric" and _scale(old) else None


def _digits(of: TypeName, by_name: dict[str, int]) -> int:
    return int(of.modifiers[0]) - _scale(of) if of.name == "numeric" and of.modifiers else by_name[of.name]


def _scale(of: TypeName) -> int:
    return int(of.modifiers[1]) if len(of.modifiers) > 1 else 0
