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
# Stored alike, but with other operators, so that indexes must be built again.
_RELABELLED = frozenset(
    {
        ("text", "citext"),
        ("varchar", "citext"),
        ("citext", "text"),
        ("citext", "varchar"),
        ("int4", "oid"),
        ("oid", "int4"),
        ("bit", "varbit"),
        ("text", "bpchar"),
        ("varchar", "bpchar"),
        ("int4", "regclass"),
        ("oid", "regclass"),
    }
)
# The modifier is a limit: a larger one, or none, needs no look at the rows.
_TIMES = frozenset({"timestamp", "timestamptz", "time", "timetz"})
_FINEST = ("6",)
"""Microseconds, as without a precision."""
_WIDENING = frozenset({"varchar", "varbit", "timestamp", "timestamptz", "time", "timetz", "interval"})
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
        if old.modifiers == new.modifiers:
            return Cost.FREE
        if old.array:
            return Cost.REWRITE
        return Cost.FREE if _is_wider(old, new) else Cost.REWRITE
    if old.array or new.array:
        return Cost.REWRITE
    pair = (old.name, new.name)
    if pair in _SAME and (not new.modifiers or (old.name == "varchar" == new.name)):
        return Cost.FREE
    if pair in _RELABELLED and not new.modifiers:
        return Cost.RELABEL
    if set(pair) == {"timestamp", "timestamptz"} and _precision_kept(old, new):
        return Cost.RELABEL if _in_utc(situation) else Cost.REWRITE
    return Cost.REWRITE


def _in_utc(situation: Situation) -> bool:
    zone = situation.session.setting("timezone")
    return zone is not None and zone.strip("'").lower() in _UTC


def _is_wider(old: TypeName, new: TypeName) -> bool:
    if new.name in _WIDENING:
        if not new.modifiers:
            return True
        if new.name == "interval":
            return _interval_precision(new) is None or (
                _interval_precision(old) is not None and _at_least(old.modifiers[-1:], new.modifiers[-1:])
            )
        if new.name in _TIMES and new.modifiers == _FINEST:
            return True
        return bool(old.modifiers) and _at_least(old.modifiers, new.modifiers)
    if new.name == "numeric":
        if not new.modifiers:
            return True
        if not old.modifiers:
            return False
        old_scale, new_scale = (*old.modifiers, "0")[1], (*new.modifiers, "0")[1]
        return old_scale == new_scale and _at_least(old.modifiers[:1], new.modifiers[:1])
    return False


def _interval_precision(type_name: TypeName) -> str | None:
    return type_name.modifiers[-1] if type_name.modifiers else None


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
    cast_to: str | None = None
    if "TypeCast" in node:
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
