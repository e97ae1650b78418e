"""PostgreSQL's table lock modes and which of them conflict.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

from enum import Enum


class LockMode(Enum):
    """The eight table-level lock modes, weakest first, named as PostgreSQL writes them."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def strength(self) -> int:
        """Place in PostgreSQL's order, 1 (ACCESS SHARE) to 8 (ACCESS EXCLUSIVE)."""
        return _STRENGTH[self._value_]

    @property
    def blocks_reads(self) -> bool:
        """Whether a plain SELECT of the table has to wait."""
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocks_writes(self) -> bool:
        """Whether an INSERT, UPDATE or DELETE on the table has to wait."""
        return _STRENGTH[self._value_] >= _STRENGTH["SHARE"]

    def conflicts_with(self, other: LockMode) -> bool:
        """Whether two sessions cannot hold these two modes on one table at the same time."""
        return other in _CONFLICTS[self]


_STRENGTH = {mode.value: place for place, mode in enumerate(LockMode, start=1)}

_AS, _RS, _RE, _SUE, _S, _SRE, _E, _AE = LockMode
_CONFLICTS = {
    _AS: frozenset({_AE}),
    _RS: frozenset({_E, _AE}),
    _RE: frozenset({_S, _SRE, _E, _AE}),
    _SUE: frozenset({_SUE, _S, _SRE, _E, _AE}),
    _S: frozenset({_RE, _SUE, _SRE, _E, _AE}),
    _SRE: frozenset({_RE, _SUE, _S, _SRE, _E, _AE}),
    _E: frozenset(LockMode) - {_AS},
    _AE: frozenset(LockMode),
}
