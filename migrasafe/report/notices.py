"""Notices in the report for people: each message once, with the places that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from migrasafe.migrations.model import Notice

_MOST_PLACES = 4
_MOST_PLACES_UNREAD = 20


class Group(Struct, frozen=True, kw_only=True):
    """Notices that say the same."""

    message: str
    blocking: bool
    places: tuple[str, ...]
    """`path:line` of each, in the order of the migrations; at least one."""


def groups(notices: Iterable[Notice]) -> tuple[Group, ...]:
    """The notices with each message once, in the order of its first place."""
    places: dict[tuple[str, bool], dict[str, None]] = {}
    for notice in notices:
        places.setdefault((notice.message, notice.blocking), {})[f"{notice.path}:{notice.line}"] = None
    return tuple(
        Group(message=message, blocking=blocking, places=tuple(found)) for (message, blocking), found in places.items()
    )


def others(group: Group) -> str:
    """The places behind the first, for the end of a message; empty where there is one only."""
    rest = group.places[1:]
    if not rest:
        return ""
    most = _MOST_PLACES_UNREAD if group.blocking else _MOST_PLACES
    more = f" and {len(rest) - most} more (--format json has all)" if len(rest) > most else ""
    return f"also: {', '.join(rest[:most])}{more}"
