"""Names, literals and types spelled so that PostgreSQL reads back what was meant."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

from msgspec.structs import replace

from migrasafe.regex import regex
from migrasafe.sql.one_line import without_line_ends
from migrasafe.sql.statements import Name, TypeName

# Words that cannot name a table or a column without quotes, in PostgreSQL 18's grammar (a superset of 12's).
_RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "asymmetric",
        "authorization",
        "binary",
        "both",
        "case",
        "cast",
        "check",
        "collate",
        "collation",
        "column",
        "concurrently",
        "constraint",
        "create",
        "cross",
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "default",
        "deferrable",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "grant",
        "group",
        "having",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "natural",
        "not",
        "notnull",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "outer",
        "overlaps",
        "placing",
        "primary",
        "references",
        "returning",
        "right",
        "select",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "system_user",
        "table",
        "tablesample",
        "then",
        "to",
        "trailing",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "variadic",
        "verbose",
        "when",
        "where",
        "window",
        "with",
    ]
)
_PLAIN = regex(r"[a-z_][a-z0-9_$]*\Z")


def quote_ident(name: str) -> str:
    """`orders` → orders, `Order` → "Order", `user` → "user"."""
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_name(name: Name) -> str:
    """`public.orders`, each part quoted where it must be."""
    if name.schema is None:
        return quote_ident(name.name)
    return f"{quote_ident(name.schema)}.{quote_ident(name.name)}"


WHOEVER_RUNS = frozenset({"current_user", "current_role", "session_user"})
"""What stands for a role by whom the statement is run."""


def quote_role(role: str) -> str:
    """A role after TO or FROM; `public` is everybody, and `current_user` whoever runs the statement."""
    return role.upper() if role == "public" or role in WHOEVER_RUNS else quote_ident(role)


def quote_literal(value: str) -> str:
    """A string constant; with a backslash in it, an E'' one, which every setting reads alike."""
    doubled = value.replace("'", "''")
    if "\\" in value:
        return "E'" + doubled.replace("\\", "\\\\") + "'"
    return f"'{doubled}'"


def comment(words: str, before: str = "-- ") -> str:
    """Words as one line of a comment: names in them may hold the end of a line, and what is behind it would be run."""
    return before + without_line_ends(words)


def free_tag(tag: str, texts: Iterable[str]) -> str:
    """`$tag$`, or `$tag_2$` … where one of the texts that are to be quoted by it holds that."""
    known = list(texts)
    for number in itertools.count(1):
        mark = f"${tag}$" if number == 1 else f"${tag}_{number}$"
        if not any(mark in text for text in known):
            return mark
    raise AssertionError("numbers do not end")


def quote_body(body: str) -> str:
    """The body of a function, between dollars."""
    mark = free_tag("migrasafe", (body,))
    return f"{mark}{body}{mark}"


# PostgreSQL's internal names, and the names people write.
_SPELLINGS = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "bpchar": "char",
    "varbit": "bit varying",
}
_SUFFIXED = {"timestamptz": ("timestamp", " with time zone"), "timetz": ("time", " with time zone")}


def spell_type(type_name: TypeName) -> str:
    """The type as SQL: `varchar(20)[]`, `timestamptz`, `public."Mood"`."""
    if type_name.column_of:
        return ".".join(quote_ident(part) for part in type_name.column_of) + "%TYPE"
    array = "[]" if type_name.array else ""
    set_of = "SETOF " if type_name.setof else ""
    if type_name.schema is not None:
        base = f"{quote_ident(type_name.schema)}.{quote_ident(type_name.name)}"
        return f"{set_of}{base}{_modifiers(type_name.modifiers)}{array}"
    if type_name.name == "interval":
        return f"{set_of}interval{_interval(type_name.modifiers)}{array}"
    if type_name.name in _SUFFIXED and type_name.modifiers:
        base, suffix = _SUFFIXED[type_name.name]
        return f"{set_of}{base}{_modifiers(type_name.modifiers)}{suffix}{array}"
    if type_name.name == "bpchar" and not type_name.modifiers:
        return f"{set_of}bpchar{array}"
    base = _SPELLINGS.get(type_name.name) or quote_ident(type_name.name)
    return f"{set_of}{base}{_modifiers(type_name.modifiers)}{array}"


_IN_ERRORS = {
    "serial": "integer",
    "bigserial": "bigint",
    "smallserial": "smallint",
    "varchar": "character varying",
    "bpchar": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}


def type_in_errors(type_name: TypeName, search_path: Collection[str] = ()) -> str:
    """The type as PostgreSQL's messages have it: `character varying[]`, and without the schema where it is searched."""
    if type_name.schema in search_path or type_name.schema == "pg_catalog":
        type_name = replace(type_name, schema=None)
    bare = replace(type_name, modifiers=(), array=False, setof=False)
    array = "[]" if type_name.array else ""
    known = _IN_ERRORS.get(bare.name) if bare.schema is None else None
    return (known or spell_type(bare)) + array


def _modifiers(modifiers: tuple[str, ...]) -> str:
    return f"({', '.join(modifiers)})" if modifiers else ""


# interval's first modifier is a bit mask of fields; this one means all of them.
_ALL_FIELDS = "32767"
_FIELDS = {"4": " year", "2": " month", "8": " day", "1024": " hour", "2048": " minute", "4096": " second"}


def _interval(modifiers: tuple[str, ...]) -> str:
    if not modifiers:
        return ""
    field = "" if modifiers[0] == _ALL_FIELDS else _FIELDS.get(modifiers[0], "")
    return field + _modifiers(modifiers[1:])
