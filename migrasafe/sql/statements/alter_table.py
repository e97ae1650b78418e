"""ALTER TABLE, and each of its actions."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.sql.statements.base import Expression, Name, Statement, TypeName
from migrasafe.sql.statements.tables import ColumnDef, ConstraintDef, Identity, PartitionBound


class Action(Struct, frozen=True, kw_only=True):
    """One action of an ALTER TABLE; its place in the list of actions is its index."""


class AddColumn(Action, frozen=True, kw_only=True):
    column: ColumnDef
    if_not_exists: bool = False


class DropColumn(Action, frozen=True, kw_only=True):
    column: str
    if_exists: bool = False
    cascade: bool = False


class AlterColumnType(Action, frozen=True, kw_only=True):
    column: str
    type: TypeName
    using: Expression | None = None
    collation: Name | None = None


class SetDefault(Action, frozen=True, kw_only=True):
    column: str
    default: Expression


class DropDefault(Action, frozen=True, kw_only=True):
    column: str


class SetNotNull(Action, frozen=True, kw_only=True):
    column: str


class DropNotNull(Action, frozen=True, kw_only=True):
    column: str


class SetExpression(Action, frozen=True, kw_only=True):
    column: str
    expression: Expression


class DropExpression(Action, frozen=True, kw_only=True):
    column: str
    if_exists: bool = False


class AddIdentity(Action, frozen=True, kw_only=True):
    column: str
    identity: Identity


class SetIdentity(Action, frozen=True, kw_only=True):
    column: str
    options: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """(option, its value as a text): `("restart", "1000")`."""
    always: bool | None = None
    """SET GENERATED ALWAYS | BY DEFAULT; None: that stays."""


class DropIdentity(Action, frozen=True, kw_only=True):
    column: str
    if_exists: bool = False


class ColumnProperty(Enum):
    STATISTICS = "STATISTICS"
    STORAGE = "STORAGE"
    COMPRESSION = "COMPRESSION"
    OPTIONS = "OPTIONS"


class SetColumnProperty(Action, frozen=True, kw_only=True):
    """SET STATISTICS, SET STORAGE, SET COMPRESSION, SET (…) and RESET (…) of a column."""

    column: str
    property: ColumnProperty
    value: str | None = None


class AddConstraint(Action, frozen=True, kw_only=True):
    constraint: ConstraintDef


class DropConstraint(Action, frozen=True, kw_only=True):
    name: str
    if_exists: bool = False
    cascade: bool = False


class ValidateConstraint(Action, frozen=True, kw_only=True):
    name: str


class AlterConstraint(Action, frozen=True, kw_only=True):
    """ALTER CONSTRAINT: deferrability, ENFORCED / NOT ENFORCED (18), INHERIT (18). None: left as it is."""

    name: str
    deferrable: bool | None = None
    initially_deferred: bool | None = None
    enforced: bool | None = None
    no_inherit: bool | None = None


class AttachPartition(Action, frozen=True, kw_only=True):
    """ALTER TABLE … ATTACH PARTITION, and ALTER INDEX … ATTACH PARTITION (without a bound)."""

    partition: Name
    bound: PartitionBound | None = None


class DetachPartition(Action, frozen=True, kw_only=True):
    partition: Name
    concurrently: bool = False
    finalize: bool = False


class SetTriggers(Action, frozen=True, kw_only=True):
    """ENABLE | DISABLE TRIGGER name | ALL | USER; `rule` for ENABLE | DISABLE RULE."""

    enabled: bool
    mode: str = ""
    """`ALWAYS`, `REPLICA` or empty."""
    name: str | None = None
    which: str = "one"
    """`one` | `all` | `user`."""
    rule: bool = False


class SetRowSecurity(Action, frozen=True, kw_only=True):
    """ENABLE | DISABLE | FORCE | NO FORCE ROW LEVEL SECURITY."""

    enabled: bool | None = None
    forced: bool | None = None


class SetLogged(Action, frozen=True, kw_only=True):
    logged: bool


class SetTablespace(Action, frozen=True, kw_only=True):
    tablespace: str


class SetAccessMethod(Action, frozen=True, kw_only=True):
    method: str | None


class SetOptions(Action, frozen=True, kw_only=True):
    """SET (…) and RESET (…) of storage parameters; a reset option has the value None."""

    options: tuple[tuple[str, str | None], ...]


class ClusterOn(Action, frozen=True, kw_only=True):
    index: str | None
    """None: SET WITHOUT CLUSTER."""


class Inherit(Action, frozen=True, kw_only=True):
    parent: Name
    add: bool


class OfType(Action, frozen=True, kw_only=True):
    type: Name | None
    """None: NOT OF."""


class OwnerTo(Action, frozen=True, kw_only=True):
    owner: str


class ReplicaIdentity(Action, frozen=True, kw_only=True):
    identity: str
    """`default` | `full` | `nothing` | `index`."""
    index: str | None = None


class AlterAttribute(Action, frozen=True, kw_only=True):
    """ALTER TYPE … ADD | DROP | ALTER ATTRIBUTE of a composite type."""

    verb: str
    """`add` | `drop` | `alter`."""
    attribute: str
    type: TypeName | None = None
    cascade: bool = False


class UnknownAction(Action, frozen=True, kw_only=True):
    """An action we have no type for: it is reported, never taken as harmless."""

    subtype: str


class AlterTable(Statement, frozen=True, kw_only=True):
    """ALTER TABLE | VIEW | INDEX | SEQUENCE | MATERIALIZED VIEW | FOREIGN TABLE | TYPE with actions."""

    name: Name
    kind: str = "TABLE"
    """The word after ALTER."""
    if_exists: bool = False
    only: bool = False
    actions: tuple[Action, ...] = ()


class AlterAllInTablespace(Statement, frozen=True, kw_only=True):
    """ALTER TABLE | INDEX | MATERIALIZED VIEW ALL IN TABLESPACE … SET TABLESPACE …."""

    kind: str
    tablespace: str
    new_tablespace: str
