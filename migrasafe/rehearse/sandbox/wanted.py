"""Which server a rehearsal asks for."""

from __future__ import annotations

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    dsn: str | None = None
    """A scratch server, on which databases may be made; None: one that is found or started."""
    major: int | None = None
    kind: str | None = None
    """`local` (programs on this machine, the embedded wheel) | `docker`; None: what there is."""
    image: str | None = None
    """Of the container, in the place of the official one; `{major}` in it stands for the major version."""
