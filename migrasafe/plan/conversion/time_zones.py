"""timestamp and timestamptz: from the one to the other through a time zone, which only a person knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrasafe.errors import InputError
from migrasafe.sql.conversions import Conversion
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.expressions import names_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression, TypeName

_PAIR = {"timestamp", "timestamptz"}
PITFALL = (
    "a local time that the clocks of {zone} leave out in spring becomes one an hour later; in the hour that comes twice in"
    " autumn, PostgreSQL takes winter time"
)


def is_between_zones(old: TypeName, new: TypeName) -> bool:
    """Whether a change between these types has to know a time zone."""
    return {old.name, new.name} == _PAIR and not old.array and not new.array


def zone_conversion(old: TypeName, new: TypeName, zone: str, old_column: str, new_column: str) -> Conversion:
    """The way there and back, where the type without a zone tells the time of `zone`. Raises InputError for no known zone."""
    _refuse_unknown(zone)
    said = quote_literal(zone)
    return Conversion(
        up=parse_expression(f"{quote_ident(old_column)} AT TIME ZONE {said}"),
        down=parse_expression(f"{quote_ident(new_column)} AT TIME ZONE {said}"),
        pitfall="" if zone == "UTC" else PITFALL.format(zone=zone),
    )


def sessions_in(zone: str, column: str) -> str:
    """What a person has to see to, so that the version that knows nothing of zones still means the same."""
    return (
        f"from then on, a session reads and writes {column} in its own TimeZone, unless it says one: see that those of the old"
        f" version have {zone} (ALTER ROLE … SET timezone = {quote_literal(zone)}, then new connections)"
    )


def zone_said(up: Expression, column: str) -> str | None:
    """The zone of `column AT TIME ZONE 'zone'`; None for every other expression."""
    call: Mapping[str, Any] = up.node.get("FuncCall", {})
    arguments = call.get("args", [])
    if names_of(call.get("funcname", []))[-1:] != ("timezone",) or len(arguments) != 2:
        return None
    zone = arguments[0].get("A_Const", {}).get("sval", {}).get("sval")
    read = names_of(arguments[1].get("ColumnRef", {}).get("fields", []))
    return str(zone) if zone is not None and read[-1:] == (column,) else None


def _refuse_unknown(zone: str) -> None:
    """A trigger that meets an unknown zone fails every write, so that it is found out now, if this machine knows zones."""
    import zoneinfo

    known = zoneinfo.available_timezones()
    if known and zone not in known:
        from migrasafe.errors import did_you_mean

        raise InputError(
            f"--time-zone {zone}: {did_you_mean(zone, sorted(known), 'say one such as Europe/Berlin or UTC')}"
        )
