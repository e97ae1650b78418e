"""The session a migration runs in: its transaction, the locks it holds, its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from migrasafe.effects.model import Effects
from migrasafe.locks import LockMode
from migrasafe.schema.model import Moment, Ref
from migrasafe.sql.statements import SetVariable, Span, Statement


class Held(Struct, frozen=True, kw_only=True):
    """A lock that an earlier statement of the open transaction took."""

    mode: LockMode
    statement: Statement
    moment: Moment

    @property
    def span(self) -> Span:
        return self.statement.span


class Session(Struct, frozen=True, kw_only=True):
    """What one connection knows between two statements. Settings are kept as written, lower-case names."""

    in_transaction: bool = False
    explicit: bool = False
    """The script itself said BEGIN."""
    begun_at: Span | None = None
    """Where it said so."""
    settings: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    """SET LOCAL: until the end of the transaction."""
    held: Mapping[Ref, Held] = field(default_factory=dict)
    """Strongest lock on each relation that others may want, held until the transaction ends."""
    said: Mapping[str, SetVariable] = field(default_factory=dict)
    """The last statement about each setting, also where it had no effect or its effect is over."""
    savepoints: tuple[str, ...] = ()
    tool_transaction: bool = False
    """The open transaction is the migration tool's: BEGIN inside it is only a warning."""

    def setting(self, name: str) -> str | None:
        """The value of a setting, None where the script did not set it (or reset it)."""
        if name in self.local:
            return self.local[name]
        return self.settings.get(name)

    def begin(self, *, explicit: bool, span: Span | None = None) -> Session:
        return replace(self, in_transaction=True, explicit=explicit, begun_at=span, tool_transaction=not explicit)

    def end(self) -> Session:
        """After COMMIT or ROLLBACK: nothing is held, SET LOCAL is over."""
        if not self.in_transaction:
            return self
        return replace(
            self,
            in_transaction=False,
            explicit=False,
            begun_at=None,
            local={},
            held={},
            savepoints=(),
            tool_transaction=False,
        )

    def set(self, name: str, value: str | None, *, local: bool) -> Session:
        """After SET, SET LOCAL or RESET (value None). SET LOCAL outside a transaction has no effect."""
        if local:
            if not self.in_transaction:
                return self  # PostgreSQL warns that SET LOCAL has no effect here
            if value is None:
                return replace(self, local={key: kept for key, kept in self.local.items() if key != name})
            return replace(self, local={**self.local, name: value})
        without = {key: kept for key, kept in self.local.items() if key != name}
        if value is None:
            return replace(
                self, settings={key: kept for key, kept in self.settings.items() if key != name}, local=without
            )
        return replace(self, settings={**self.settings, name: value}, local=without)

    def after(
        self, statement: Statement, effects: Effects, moment: Moment, wanted: Callable[[Ref], bool] = lambda _: True
    ) -> Session:
        """Having run a statement: its locks are held if a transaction is open. `wanted`: others may want the relation."""
        if not self.in_transaction or not effects.locks:
            return self
        held: dict[Ref, Held] | None = None
        for lock in effects.locks:
            before = (held or self.held).get(lock.relation)
            if (before is None or lock.mode.strength > before.mode.strength) and wanted(lock.relation):
                held = dict(self.held) if held is None else held
                held[lock.relation] = Held(mode=lock.mode, statement=statement, moment=moment)
        return self if held is None else replace(self, held=held)
