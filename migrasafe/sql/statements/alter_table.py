"""ALTER TABLE, and each of its actions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName
from migrasafe.sql.statements.tables import ColumnDef, ConstraintDef, Identity, PartitionBound


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of an ALTER TABLE; its place in the list of actions is its index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(Action):
    column: ColumnDef
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(Action):
    column: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnType(Action):
    column: str
    type: TypeName
    using: Expression | None = None
    collation: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDefault(Action):
    column: str
    default: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDefault(Action):
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotNull(Action):
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNotNull(Action):
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetExpression(Action):
    column: str
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExpression(Action):
    column: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddIdentity(Action):
    column: str
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SetIdentity(Action):
    column: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIdentity(Action):
    column: str
    if_exists: bool = False


class ColumnProperty(Enum):
    STATISTICS = "STATISTICS"
    STORAGE = "STORAGE"
    COMPRESSION = "COMPRESSION"
    OPTIONS = "OPTIONS"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumnProperty(Action):
    """SET STATISTICS, SET STORAGE, SET COMPRESSION, SET (…) and RESET (…) of a column."""

    column: str
    property: ColumnProperty
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(Action):
    constraint: ConstraintDef


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(Action):
    name: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(Action):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterConstraint(Action):
    """ALTER CONSTRAINT: deferrability, ENFORCED / NOT ENFORCED (18), INHERIT (18). None: left as it is."""

    name: str
    deferrable: bool | None = None
    initially_deferred: bool | None = None
    enforced: bool | None = None
    no_inherit: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPartition(Action):
    """ALTER TABLE … ATTACH PARTITION, and ALTER INDEX … ATTACH PARTITION (without a bound)."""

    partition: Name
    bound: PartitionBound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachPartition(Action):
    partition: Name
    concurrently: bool = False
    finalize: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTriggers(Action):
    """ENABLE | DISABLE TRIGGER name | ALL | USER; `rule` for ENABLE | DISABLE RULE."""

    enabled: bool
    mode: str = ""
    """`ALWAYS`, `REPLICA` or empty."""
    name: str | None = None
    which: str = "one"
    """`one` | `all` | `user`."""
    rule: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRowSecurity(Action):
    """ENABLE | DISABLE | FORCE | NO FORCE ROW LEVEL SECURITY."""

    enabled: bool | None = None
    forced: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLogged(Action):
    logged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTablespace(Action):
    tablespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAccessMethod(Action):
    method: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOptions(Action):
    """SET (…) and RESET (…) of storage parameters; a reset option has the value None."""

    options: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOn(Action):
    index: str | None
    """None: SET WITHOUT CLUSTER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherit(Action):
    parent: Name
    add: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfType(Action):
    type: Name | None
    """None: NOT OF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerTo(Action):
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaIdentity(Action):
    identity: str
    """`default` | `full` | `nothing` | `index`."""
    index: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterAttribute(Action):
    """ALTER TYPE … ADD | DROP | ALTER ATTRIBUTE of a composite type."""

    verb: str
    """`add` | `drop` | `alter`."""
    attribute: str
    type: TypeName | None = None
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAction(Action):
    """An action we have no type for: it is reported, never taken as harmless."""

    subtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterTable(Statement):
    """ALTER TABLE | VIEW | INDEX | SEQUENCE | MATERIALIZED VIEW | FOREIGN TABLE | TYPE with actions."""

    name: Name
    kind: str = "TABLE"
    """The word after ALTER."""
    if_exists: bool = False
    only: bool = False
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterAllInTablespace(Statement):
    """ALTER TABLE | INDEX | MATERIALIZED VIEW ALL IN TABLESPACE … SET TABLESPACE …."""

    kind: str
    tablespace: str
    new_tablespace: str
