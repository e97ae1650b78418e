"""What migrasafe and the process that runs the revisions say to each other: one JSON value per line."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from migrasafe.migrations.executed import Executed


class Direction(Enum):
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class Setup(msgspec.Struct, frozen=True, kw_only=True, tag="setup"):
    """The first line to a new process: what is true for all revisions."""

    import_roots: tuple[str, ...] = ()
    """Folders that the app's own packages are imported from."""
    revision_folders: tuple[str, ...] = ()
    stub_everything: bool = False
    """Import none of the app's own code: a process before this one died of it."""
    plugins: tuple[str, ...] = ()
    """Packages whose import gives `op` more operations."""
    config_file: str | None = None
    """alembic.ini."""
    options: dict[str, bool | str] = {}
    """For MigrationContext.configure, as env.py has them."""
    naming_convention: dict[str, str] = {}
    """Of the app's MetaData."""
    earlier: tuple[str, ...] = ()
    """SQL of the revisions that other processes have rendered before."""
    dsn: str | None = None
    """A server to run the revisions on; None: they only believe that there is one."""
    scratch_database: str | None = None
    """Where on that server: made when it is not there."""
    only_drop: bool = False
    """Drop the scratch database, and end."""


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="task"):
    """Run one revision."""

    path: str
    revision: str
    direction: Direction = Direction.UPGRADE
    offline: bool = False
    """What `context.is_offline_mode()` answers."""


NoticeKind: TypeAlias = Literal[
    "read",
    "asked",
    "absent",
    "stub",
    "type",
    "decision",
    "call",
    "placeholder",
    "value",
    "unconverted",
    "repeated",
    "plugin",
]


class Noticed(msgspec.Struct, frozen=True, kw_only=True, tag="noticed"):
    """Something that a person must know about how this revision was rendered."""

    kind: NoticeKind
    line: int
    text: str
    """What it is about, such as the name of what was stubbed."""


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The revision has ended, well or not."""

    failure: str | None = None
    """The exception in one line."""
    line: int = 0
    missing_operation: str | None = None
    """`op.<this>` does not exist."""
    read_before: bool = False
    """It had read the database, or asked for tables, before it failed."""
    asked_offline: bool = False
    """It asked whether this is offline mode."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The process has started; or it cannot, and why."""

    failure: str | None = None


Message: TypeAlias = Executed | Noticed | Done | Ready
"""From the process."""
