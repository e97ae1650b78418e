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

    strength: int
    """Place in PostgreSQL's order, 1 (ACCESS SHARE) to 8 (ACCESS EXCLUSIVE)."""
    blocks_reads: bool
    """Whether a plain SELECT of the table has to wait."""
    blocks_writes: bool
    """Whether an INSERT, UPDATE or DELETE on the table has to wait."""

    def __init__(self, words: str) -> None:
        self.strength = len(type(self).__members__) + 1
        self.blocks_reads = words == "ACCESS EXCLUSIVE"
        self.blocks_writes = words in ("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE")

    def conflicts_with(self, other: LockMode) -> bool:
        """Whether two sessions cannot hold these two modes on one table at the same time."""
        return other in _CONFLICTS[self]


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
