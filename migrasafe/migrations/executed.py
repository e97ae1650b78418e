"""What a migration that is a program sent to the server."""

from __future__ import annotations

import msgspec


class Executed(msgspec.Struct, frozen=True, kw_only=True, tag="executed"):
    """SQL that was sent to the server in one go: one statement, or a string of several."""

    sql: str
    line: int
    """Of the file of the migration."""
    transaction: int | None
    """Which transaction of this migration; None: outside of any."""
