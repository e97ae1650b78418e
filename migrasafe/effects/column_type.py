"""What a change of a column's type costs: nothing, a check of every row, an index, or a new copy of the table.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
PostgreSQL keeps the rows when the new value is the old one under another label (ATColumnChangeRequiresRewrite).
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.effects.situation import Situation
from migrasafe.sql.statements import Expression, TypeName


class Cost(Enum):
    FREE = "free"
    REWRITE = "rewrite"
    RELABEL = "relabel"
    """The rows stay, but the new type sorts or compares in another way: indexes on the column are built again."""


class TypeChange(Struct, frozen=True, kw_only=True):
    cost: Cost
    assumed: tuple[str, ...] = ()


# Pairs whose values are stored alike and sort alike (pg_cast.castmethod = 'b', same operator family).
_SAME = frozenset({("varchar", "text"), ("text", "varchar"), ("cidr", "inet"), ("xml", "text"), ("xml", "varchar")})
_OIDS = frozenset(
    {
        "oid",
        "regclass",
        "regcollation",
        "regconfig",
        "regdictionary",
        "regnamespace",
        "regoper",
        "regoperator",
        "regproc",
        "regprocedure",
        "regrole",
        "regtype",
    }
)
"""Numbers of rows in a catalog, stored and sorted as `oid`; an int4 is stored alike."""
_OIDS_ALIKE = ({"regproc", "regprocedure"}, {"regoper", "regoperator"})
"""What becomes the other without being an oid between."""
# Stored alike, but with other operators, so that indexes must be built again.
_RELABELLED = frozenset(
    {
        ("text", "citext"),
        ("varchar", "citext"),
        ("citext", "text"),
        ("citext", "varchar"),
        ("bit", "varbit"),
        ("text", "bpchar"),
        ("varchar", "bpchar"),
    }
)
# The modifier is a limit: a larger one, or none, needs no look at the rows.
_TIMES = frozenset({"timestamp", "timestamptz", "time", "timetz"})
_FINEST = ("6",)
"""Microseconds, as without a precision."""
_WIDENING = frozenset({"varchar", "varbit", *_TIMES})
_FIELDS = (1 << 12, 1 << 11, 1 << 10, 1 << 3, 1 << 1, 1 << 2)
"""Second, minute, hour, day, month, year, as the first modifier of an interval has them (INTERVAL_MASK)."""
_UTC = frozenset(
    {"utc", "gmt", "etc/utc", "etc/gmt", "zulu", "0", "+00", "+00:00", "universal", "etc/universal", "uct"}
)


def change_cost(
    old: TypeName | None, new: TypeName, using: Expression | None, column: str, situation: Situation
) -> TypeChange:
    """What ALTER COLUMN … TYPE does to the rows; an unknown old type is assumed to need a rewrite."""
    if using is not None and not _is_plain_cast(using, column, new):
        return TypeChange(cost=Cost.REWRITE)
    if old is None and new.name in ("timestamp", "timestamptz") and not new.array and _in_utc(situation):
        # Only a change between the two is cheaper in UTC: whoever sets it before has the other one.
        return TypeChange(cost=Cost.RELABEL, assumed=(f"{column} is a timestamp now, with or without time zone",))
    if old is None:
        return TypeChange(
            cost=Cost.REWRITE,
            assumed=(f"the type of {column} before is not known; assumed that the rows must be rewritten",),
        )
    old, new_base = _base(old, situation), new
    domain = situation.domain(new)
    if domain is not None:
        if domain.constrained:
            return TypeChange(cost=Cost.REWRITE)
        new_base = _base(new, situation)
    return TypeChange(cost=_cost(old, new_base, situation))


def _base(type_name: TypeName, situation: Situation) -> TypeName:
    """The type below a domain: its values are stored as that."""
    for _ in range(32):  # domains over domains; PostgreSQL allows no cycle, a broken history might
        domain = situation.domain(type_name)
        if domain is None or type_name.array:
            return type_name
        type_name = domain.type
    return type_name


def _cost(old: TypeName, new: TypeName, situation: Situation) -> Cost:
    if old.name == new.name and old.array == new.array and old.schema == new.schema:
        if old.modifiers == new.modifiers or not new.modifiers:
            return Cost.FREE
        if old.array:
            return Cost.REWRITE
        return Cost.FREE if _is_wider(old, new) else Cost.REWRITE
    if old.array or new.array:
        return Cost.REWRITE
    pair = (old.name, new.name)
    if pair in _SAME and (not new.modifiers or (old.name == "varchar" == new.name)):
        return Cost.FREE
    if _are_oids(*pair):
        return Cost.RELABEL if "int4" in pair else Cost.FREE
    if pair in _RELABELLED and not new.modifiers:
        return Cost.RELABEL
    if set(pair) == {"timestamp", "timestamptz"} and _precision_kept(old, new):
        return Cost.RELABEL if _in_utc(situation) else Cost.REWRITE
    return Cost.REWRITE


def _are_oids(old: str, new: str) -> bool:
    if old in _OIDS and new in _OIDS:
        return "oid" in (old, new) or {old, new} in _OIDS_ALIKE
    return (old == "int4" and new in _OIDS) or (old in _OIDS and new == "int4")


def _in_utc(situation: Situation) -> bool:
    zone = situation.session.setting("timezone")
    return zone is not None and zone.strip("'").lower() in _UTC


def _is_wider(old: TypeName, new: TypeName) -> bool:
    if new.name == "interval":
        return _is_wider_interval(old.modifiers, new.modifiers)
    if new.name in _TIMES and new.modifiers == _FINEST:
        return True
    if new.name in _WIDENING:
        return bool(old.modifiers) and _at_least(old.modifiers, new.modifiers)
    if new.name == "numeric":
        if not old.modifiers:
            return False
        old_scale, new_scale = (*old.modifiers, "0")[1], (*new.modifiers, "0")[1]
        return old_scale == new_scale and _at_least(old.modifiers[:1], new.modifiers[:1])
    return False


def _is_wider_interval(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """The smallest field stays, or a smaller one comes, and no seconds lose digits (interval_support)."""
    before, after = _smallest_field(old), _smallest_field(new)
    if after > before:
        return False
    if before > 0 or len(new) < 2 or new[1:] == _FINEST:
        return True
    return len(old) > 1 and _at_least(old[1:], new[1:])


def _smallest_field(modifiers: tuple[str, ...]) -> int:
    """Its place in _FIELDS: 0 is seconds, which an interval has that names no field."""
    fields = int(modifiers[0]) if modifiers and modifiers[0].isdigit() else 0
    return next((place for place, bit in enumerate(_FIELDS) if fields & bit), 0)


def _precision_kept(old: TypeName, new: TypeName) -> bool:
    return new.modifiers in ((), _FINEST) or (bool(old.modifiers) and _at_least(old.modifiers, new.modifiers))


def _at_least(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    try:
        return all(int(after) >= int(before) for before, after in zip(old, new, strict=True))
    except ValueError:
        return False


def _is_plain_cast(using: Expression, column: str, new: TypeName) -> bool:
    """Whether USING says no more than the change itself would: the column, or the column cast to the new type."""
    node = using.node
    while "TypeCast" in node:
        cast = node["TypeCast"]
        names = cast["typeName"].get("names", [])
        cast_to = names[-1]["String"]["sval"] if names else None
        if cast["typeName"].get("arrayBounds"):
            return False
        if cast_to != new.name and (cast_to, new.name) not in _SAME:
            return False
        if "typmods" in cast["typeName"] and not new.modifiers:
            return False
        node = cast["arg"]
    if "ColumnRef" not in node:
        return False
    fields = node["ColumnRef"].get("fields", [])
    last = fields[-1] if fields else {}
    return bool(last.get("String", {}).get("sval") == column)
