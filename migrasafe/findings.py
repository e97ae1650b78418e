"""A finding: what is wrong, where, and what to do instead."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.locks import LockMode


class Severity(Enum):
    """error: it fails, blocks for as long as the work takes, breaks the running app, or loses data. warning: a brief
    strong lock without lock_timeout, or a risk that depends on what we cannot see. info: advice."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def weight(self) -> int:
        """The larger the worse."""
        return _WEIGHTS[self._value_]


_WEIGHTS = {"error": 3, "warning": 2, "info": 1}


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Lines and columns from 1, columns in characters; the end is after the last character."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class FixKind(Enum):
    EDIT = "edit"
    """`replacement` takes the place of what the finding points at, as it stands; `edits` are all that belong to it."""
    PLAN = "plan"
    """Several migrations or deploys are needed: `steps` says which."""
    NONE = "none"


class Edit(Struct, frozen=True, kw_only=True, gc=False):
    """Text in the place of a stretch of a file. A file that is not there is made; nothing else is ever replaced in it."""

    place: Place
    replacement: str


class Fix(Struct, frozen=True, kw_only=True, gc=False):
    kind: FixKind = FixKind.NONE
    replacement: str | None = None
    steps: str | None = None
    """Pasteable SQL with numbered comments and "deploy" in its places."""
    edits: tuple[Edit, ...] = ()
    """Everything that `--fix` changes for this finding, in the order of its places: `replacement`, and what must change
    elsewhere with it, such as the tool's own word for a migration without a transaction."""
    command: str | None = None
    """`migrasafe plan …` that makes the same change in phases, with gates between them and a way back."""


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    rule: str
    severity: Severity
    place: Place
    message: str
    """First sentence: who waits or what breaks, with the table's name."""
    help: str = ""
    objects: tuple[str, ...] = ()
    lock: LockMode | None = None
    work: str | None = None
    """`table rewrite`, `index build`, `scan` …: the words of effects.model.WorkKind."""
    fix: Fix = Fix()
    assumed: tuple[str, ...] = ()
    """What the verdict stands on that we could not see."""
