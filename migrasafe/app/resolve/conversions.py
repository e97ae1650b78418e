"""Which types PostgreSQL compares, passes and stores as which others; True wherever that is not certain.

https://www.postgresql.org/docs/current/typeconv.html
"""

from __future__ import annotations

from migrasafe.sql.statements import TypeName

NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_TIMES = frozenset({"date", "timestamp", "timestamptz"})
_FAMILIES: dict[str, str] = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_TIMES, "point in time"),
    **{name: name for name in ("uuid", "bool", "jsonb", "bytea", "inet", "interval", "xml", "tsvector", "point")},
}


def _family(of: TypeName | None) -> str | None:
    """The group of types that compare with each other; None where a type is not known well enough."""
    if of is None:
        return None
    if of.schema is not None and of.schema != "pg_catalog":
        return f"{of.schema}.{of.name}"
    return _FAMILIES.get(of.name)


def can_be_compared(left: TypeName | None, right: TypeName | None) -> bool:
    """Whether `left = right` exists. Types below domains, please."""
    if left is None or right is None or "unknown" in (left.name, right.name):
        return True
    ours, theirs = _family(left), _family(right)
    if ours is None or theirs is None:
        return True
    if left.array or right.array:
        return left.array == right.array
    return ours == theirs


def can_be_passed(given: TypeName | None, wanted: TypeName | None) -> bool:
    """Whether a function takes the value without a cast: numbers only grow, texts are of one kind."""
    if given is None or wanted is None or given.array or wanted.array:
        return True
    ours, theirs = _family(given), _family(wanted)
    if ours is None or theirs is None:
        return True
    if ours == theirs == "number":
        return NUMBERS.index(given.name) <= NUMBERS.index(wanted.name)
    return ours == theirs


def can_be_stored(given: TypeName | None, column: TypeName | None) -> bool:
    """Whether INSERT and UPDATE take the value for the column: everything becomes text, numbers become each other."""
    if given is None or column is None or "unknown" in (given.name, column.name):
        return True
    ours, theirs = _family(given), _family(column)
    if theirs == "text" and not column.array:
        return True
    if ours is None or theirs is None or (ours == "text" and column.name == "xml"):
        return True
    return ours == theirs and given.array == column.array
