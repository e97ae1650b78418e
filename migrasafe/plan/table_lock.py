"""A lock that a step takes on a table."""

from __future__ import annotations

from msgspec import Struct


class TableLock(Struct, frozen=True, kw_only=True):
    table: str
    mode: str
