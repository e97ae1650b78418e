"""What a rehearsal has seen of a plan on a real server, kept beside what the plan claims."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from migrasafe.plan.table_lock import TableLock


class StepSeen(Struct, frozen=True, kw_only=True):
    """A step that was run once, alone."""

    step: str
    seconds: float
    wal_bytes: int
    locks: tuple[TableLock, ...]
    """On tables that were there before it, from SHARE UPDATE EXCLUSIVE on."""
    work: tuple[str, ...]


class PhaseSeen(Struct, frozen=True, kw_only=True):
    phase: str
    steps: tuple[StepSeen, ...] = ()
    undone: bool = False
    """It was taken back, the schema was as before, and it was run again."""
    queries: Mapping[str, int] = {}
    """Version → how many of its queries the server took in this phase."""


class FileSeen(Struct, frozen=True, kw_only=True):
    """A file that psql ran as it is: ahead, again, back and ahead, with the same outcome as the steps in it."""

    file: str
    sha256: str
    seconds: float
    """The first time."""


class Audited(Struct, frozen=True, kw_only=True):
    """Values of live rows, written to one side and read from the other."""

    table: str
    old: tuple[str, ...]
    """Columns …"""
    new: tuple[str, ...]
    """… and those that take their place."""
    source: str
    """The server that the values are of."""
    rows: int
    """That were drawn."""
    values: int
    """How many of them differ."""
    refused: int = 0
    """Rows whose value the server does not take on the new side …"""
    nulled: int = 0
    """… that have none there …"""
    lost: int = 0
    """… and whose value does not come back as it was."""
    not_tried: int = 0
    """Rows whose value is another row's in the sandbox, or refers to a row that is not there."""
    examples: tuple[str, ...] = ()
    """As somebody has asked for: without values unless they said so."""


class Failure(Struct, frozen=True, kw_only=True):
    """Something that the plan claims and that did not hold."""

    about: str
    """`step`, `gate`, `file`, `undo`, `kill`, `query`, `race`, `dual write`, `end` …"""
    where: str
    """The step or phase."""
    message: str


class Evidence(Struct, frozen=True, kw_only=True):
    server: str
    pg_version: int
    rows: int
    """In every table, made up."""
    seed: int
    seconds: float
    phases: tuple[PhaseSeen, ...]
    race: Mapping[str, int]
    """Version → how often its instances wrote or read while the phases changed."""
    audits: tuple[Audited, ...] = ()
    """What became of values that live rows have; empty: nobody gave a server to draw them from."""
    round_trips: int = 0
    """Values that went from the old version to the new one and back."""
    kills: int = 0
    """Steps that were killed on their way, and run again."""
    psql: str = ""
    """The version of the psql that ran the files; empty: they were not run."""
    files: tuple[FileSeen, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not tried, and why."""
    failures: tuple[Failure, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.failures

    def of(self, step: str) -> StepSeen | None:
        """What was seen of a step."""
        return next((one for phase in self.phases for one in phase.steps if one.step == step), None)
