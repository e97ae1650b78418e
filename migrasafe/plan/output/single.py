"""For tools that send a file as it is: one statement a file, so that it runs in no transaction block.

Several statements in one message are one implicit transaction, in which neither CONCURRENTLY nor COMMIT is to be had:
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.plan.model import PhaseName
from migrasafe.plan.output.model import Piece, Place
from migrasafe.plan.output.versions import next_versions


class Single(Struct, frozen=True, kw_only=True):
    """One migration of one statement."""

    piece: str
    phase: PhaseName
    version: str
    name: str
    comment: str
    ahead: str
    back: tuple[str, ...]


def singles(pieces: Sequence[Piece], place: Place) -> list[Single]:
    """The migrations, numbered."""
    found: list[tuple[Piece, int, str, str, tuple[str, ...]]] = []
    for piece in pieces:
        number = 0
        for action in piece.actions:
            for at, statement in enumerate(action.ahead):
                number += 1
                found.append((piece, number, action.comment, statement, action.back if at == 0 else ()))
    return [
        Single(
            piece=piece.name,
            phase=piece.phase,
            version=version,
            name=f"{place.plan}_{piece.name}_{number}",
            comment=comment,
            ahead=statement,
            back=back,
        )
        for version, (piece, number, comment, statement, back) in zip(
            next_versions(place, len(found)), found, strict=True
        )
    ]


def of_piece(found: Sequence[Single], piece: Piece) -> list[Single]:
    return [one for one in found if one.piece == piece.name]


BROKEN_BUILD = (
    "A build of an index that was broken off leaves an invalid index of its name: `DROP INDEX CONCURRENTLY` it, then run"
    " the migration again."
)
NOTHING = "-- There is nothing to take back."
