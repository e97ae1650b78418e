"""What `compat` says: which version works before and after each migration, what breaks, and which side deploys first."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.app.model import Notice, Query, Unread
from migrasafe.app.usage import SourceLocation
from migrasafe.schema.model import Ref


class Verdict(Enum):
    WORKS = "works"
    BREAKS = "breaks"
    UNKNOWN = "unknown"
    """It can break, depending on what cannot be seen: the values it sends, how it reads."""


class Deploy(Enum):
    """When a migration runs, seen from the deploy of the new version."""

    BEFORE = "before"
    """Run it, then deploy: it expands."""
    AFTER = "after"
    """Deploy, wait until the old version is gone, then run it: it contracts."""
    EITHER = "either"
    SPLIT = "split"
    """No order works: it has to become several."""
    UNKNOWN = "unknown"


class Version(Enum):
    OLD = "old"
    NEW = "new"


class Weight(Enum):
    """How sure it is that something breaks."""

    FAILS = "fails"
    MAY_FAIL = "may fail"
    RISK = "risk"
    """Said, but it does not decide: the server goes on accepting the query."""

    @property
    def rank(self) -> int:
        return (Weight.RISK, Weight.MAY_FAIL, Weight.FAILS).index(self)


class Breakage(Struct, frozen=True, kw_only=True):
    """One line of the app that breaks on one side of a migration."""

    version: Version
    before: bool
    """It breaks before the migration, which mends it; else it breaks after it."""
    weight: Weight
    location: SourceLocation
    message: str
    """The reason, as PostgreSQL would say it."""
    sqlstate: str = ""
    object: Ref | None = None
    name: str | None = None
    through: Ref | None = None
    query: Query | None = None
    uncertain: bool = False
    """A second reading of the query does not find the same; `help` says what."""
    help: str = ""
    """What to know about it."""
    rewrite: str = ""
    """The query as it must read for the other schema, where that can be told."""


class Side(Struct, frozen=True, kw_only=True):
    """One version, before and after one migration. Only what this migration makes or mends counts."""

    before: Verdict
    after: Verdict


class SubscriberChange(Struct, frozen=True, kw_only=True):
    """What is to be changed by hand on the subscribers of a publication, which sends rows and no changes of the schema."""

    publication: str
    table: Ref
    first: bool
    """Before the migration, without which replication stops with the `message`; else after it."""
    message: str
    do: str


class MigrationVerdict(Struct, frozen=True, kw_only=True):
    path: str
    id: str
    deploy: Deploy
    why: str
    """One sentence."""
    old: Side
    new: Side
    breakages: tuple[Breakage, ...] = ()
    subscribers: tuple[SubscriberChange, ...] = ()
    hint: str | None = None
    """`before` or `after` where the layout of the migrations says so."""
    not_understood: tuple[str, ...] = ()
    """Statements of the migration that nobody here understands, with their places."""

    @property
    def against_hint(self) -> bool:
        """The layout says one thing, the app another."""
        return self.hint is not None and self.deploy.value not in (self.hint, Deploy.EITHER.value)


class StepKind(Enum):
    MIGRATE = "migrate"
    DEPLOY = "deploy"
    WAIT = "wait"
    PLAN = "plan"
    SUBSCRIBER = "subscriber"


class ReleaseStep(Struct, frozen=True, kw_only=True):
    """What a person does next."""

    kind: StepKind
    text: str
    migrations: tuple[str, ...] = ()


class CompatResult(Struct, frozen=True, kw_only=True):
    """The verdict on a release."""

    pg_version: int
    old: str
    new: str
    deploy: Deploy
    steps: tuple[ReleaseStep, ...]
    migrations: tuple[MigrationVerdict, ...]
    left: tuple[Breakage, ...] = ()
    """What is broken whatever the migrations do: the old version on the schema before all of them, the new after all."""
    queries: tuple[tuple[Version, int], ...] = ()
    """How many queries each version has that name something of the schema."""
    unread: tuple[Unread, ...] = ()
    notices: tuple[Notice, ...] = ()
