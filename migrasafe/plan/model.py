"""A plan: phases of steps, each deployable and reversible on its own, with what each version of the app may do meanwhile."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.plan.evidence import Evidence
from migrasafe.plan.table_lock import TableLock
from migrasafe.schema.sizes import TableSize

AT_THE_END = "SELECT * gives it at the end"
"""How `differs` ends where it only tells of the order of columns, which no comparison of schemas looks at."""


DIALLED = "migrasafe.dialled"
"""The setting of the session in which SQL finds the connection string of `Step.dials`, so that no file holds a password."""


class PhaseName(Enum):
    """In the order in which they come."""

    EXPAND = "expand"
    DUAL_WRITE = "dual-write"
    BACKFILL = "backfill"
    VERIFY = "verify"
    SWITCH = "switch"
    CONTRACT = "contract"


class Estimate(Struct, frozen=True, kw_only=True):
    """What work costs, by the sizes of the tables when the plan was made."""

    seconds: float
    wal_bytes: int = 0
    disk_bytes: int = 0
    """That are needed while it works, or for good."""
    rows: int = 0


class Step(Struct, frozen=True, kw_only=True):
    """What is run in one go, and how to see that it has been."""

    id: str = ""
    """`expand-1`: given when the plan is put together."""
    title: str
    """What it does, as an order: `Add the column full_name`."""
    statements: tuple[str, ...]
    done: str
    """A boolean SQL expression over the catalog: whether its effect is there."""
    undo: tuple[str, ...] = ()
    undoable: str | None = None
    """Likewise: whether there is something to undo. None: when it is done."""
    past: str | None = None
    """Likewise: whether a later step has made it pointless, so that it must not be run any more."""
    long: bool = False
    """Runs as long as the table is big, under a lock that hinders nobody: no transaction, no timeout, no retries."""
    window: str = ""
    """Who has to wait while it works, and why there is no other way: a short maintenance window."""
    leftover: str | None = None
    """Likewise: whether a broken run left something that must go first (an invalid index) …"""
    clear: tuple[str, ...] = ()
    """… and what takes it away."""
    stays: str = ""
    """What is otherwise than before when it has been taken back, and hurts nobody."""
    loses: str = ""
    """What cannot be brought back once it has run."""
    undone_late: bool = False
    """Its way back comes after those of the steps before it, too."""
    database: str = ""
    """In which other database it is run, as people call that: `subscriber`, `new database`; empty: in the plan's own."""
    dials: str = ""
    """The variable of the environment that says how its database reaches the other one; its SQL reads it as DIALLED."""
    locks: tuple[TableLock, ...] = ()
    work: tuple[str, ...] = ()
    estimate: Estimate | None = None
    """None: no work, or no server was asked."""


class Gate(Struct, frozen=True, kw_only=True):
    """A question whose answer decides whether a phase may start."""

    id: str
    question: str
    query: str | None
    """One row, one column; None: only a person can answer, and says so with `--confirm`."""
    expected: str = ""
    """What the query has to answer, as psql prints it."""
    otherwise: str
    """What to do when it answers something else."""


class Backfill(Struct, frozen=True, kw_only=True):
    """The rows that a job of `migrasafe backfill` changes."""

    table: str
    assignments: tuple[str, ...]
    where: str
    deletes: bool = False
    """It deletes these rows, and has no assignments."""
    overwrites: bool = False
    """It changes values that the app writes itself: as long as the old version writes others, rows come back."""
    estimate: Estimate | None = None
    """As if every row wanted the change; None: no server was asked."""


class Moved(Struct, frozen=True, kw_only=True):
    """A table whose rows are in two databases while the plan is carried out: what compares and copies them."""

    table: str
    """As SQL names it, in both."""
    key: tuple[str, ...]
    columns: tuple[str, ...]
    compared: str
    """The table of the old database that tells what comparisons have found."""
    tolerated: float | None = None
    """The part of the rows that may differ."""


class AppCode(Struct, frozen=True, kw_only=True):
    """What the app's models are in a phase."""

    orm: str
    """`SQLAlchemy`, `Django`."""
    title: str
    """Which version it is of."""
    code: str


class Phase(Struct, frozen=True, kw_only=True):
    name: PhaseName
    title: str
    old_app: str
    """What the old version may do once the phase is over."""
    new_app: str
    gates: tuple[Gate, ...] = ()
    """To be answered before its first step."""
    deploy: str = ""
    """What people deploy before its steps, in words."""
    between: bool = False
    """What is deployed lives with the schema before and after, and is not yet the version that goes with the end."""
    steps: tuple[Step, ...] = ()
    backfills: tuple[Backfill, ...] = ()
    """Before its steps."""
    afterwards: tuple[Backfill, ...] = ()
    """When its last step is done: what tidies up, and nothing waits for."""
    code: tuple[AppCode, ...] = ()
    """Of the versions that are deployed in it."""
    may_meet: tuple[str, ...] = ()
    """SQLSTATEs that an upsert can meet while another session upserts the same key; the app has to try again."""

    @property
    def jobs(self) -> tuple[Backfill, ...]:
        return (*self.backfills, *self.afterwards)

    @property
    def for_good(self) -> tuple[Step, ...]:
        """The steps after which there is no way back; they come last."""
        return tuple(step for step in self.steps if step.loses)

    @property
    def own_for_good(self) -> tuple[Step, ...]:
        return tuple(step for step in self.for_good if not step.database)

    @property
    def own_steps(self) -> tuple[Step, ...]:
        """Those that are run in the plan's own database."""
        return tuple(step for step in self.steps if not step.database)


VERSION = 1
"""Of what plan.json says; another one is not read."""


class Plan(Struct, frozen=True, kw_only=True):
    version: int = VERSION
    id: str
    title: str
    """The change, in people's words."""
    pg_version: int
    tables: tuple[str, ...]
    """The tables it changes."""
    fingerprints: tuple[str, ...] = ()
    """Of those tables before the first step and after each: where a server stands, and whether the plan still fits."""
    phases: tuple[Phase, ...]
    why: tuple[str, ...] = ()
    """Why this way, from which facts."""
    assumed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    """What a person has to look after, because it cannot be seen."""
    differs: tuple[str, ...] = ()
    """How the schema at the end differs from that of the one-shot migration."""
    lets_go: tuple[str, ...] = ()
    """What becomes of values that do not convert, as somebody has decided."""
    migration: tuple[str, ...] = ()
    """The one-shot migration that it stands for, statement by statement."""
    moved: Moved | None = None
    """The table that it moves to another database."""
    evidence: Evidence | None = None
    """What a rehearsal has seen; None: it was not rehearsed."""
    sizes: tuple[TableSize, ...] = ()
    """Of its tables, where a server was asked."""
    estimated: tuple[str, ...] = ()
    """How the estimates were made."""

    @property
    def ends_otherwise(self) -> bool:
        """Whether the schema at the end is meant to be another than that of the one-shot migration, but for an order."""
        return any(not one.endswith(AT_THE_END) for one in self.differs)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    @property
    def databases(self) -> tuple[str, ...]:
        """The other databases that steps are run in."""
        return tuple(dict.fromkeys(step.database for step in self.steps if step.database))
