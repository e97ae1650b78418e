"""Flyway: `V<version>__<name>.sql`, its undo `U…`, and `.conf` files that say executeInTransaction=false.

https://documentation.red-gate.com/flyway/flyway-concepts/migrations/script-configuration-files
"""

from __future__ import annotations

from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.several import ahead_of, back_of, stretches
from migrasafe.plan.output.versions import next_versions

FOLDER = "flyway"
_CONF = "executeInTransaction=false\n"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One versioned file for each stretch of steps, and one that undoes it."""
    found = list(stretches(pieces))
    versions = next_versions(place, len(found))
    files: dict[str, str] = {}
    runs: list[Run] = []
    of_piece: dict[str, list[str]] = {}
    for version, stretch in zip(versions, found, strict=True):
        up, down = (f"{FOLDER}/{kind}{version}__{place.plan}_{stretch.name}.sql" for kind in "VU")
        of_piece.setdefault(stretch.piece, []).append(version)
        ahead = "\n".join(f"{one.comment}\n{terminated(ahead_of(one))}" for one in stretch.actions)
        back = [statement for one in reversed(stretch.actions) for statement in back_of(one)]
        files |= {up: f"{ALLOWED}\n{ahead}", f"{up}.conf": _CONF}
        statements = tuple(statement for one in stretch.actions for statement in ahead_of(one))
        runs.append(Run(file=up, phase=stretch.phase, statements=statements))
        if back:
            files |= {down: f"{ALLOWED}\n{terminated(back)}", f"{down}.conf": _CONF}
            runs.append(Run(file=down, phase=stretch.phase, statements=tuple(back), down=True))
    commands = {
        piece.name: Command(
            files=tuple(name for name in files if any(f"{kind}{v}__" in name for v in mine for kind in "VU")),
            ahead=f"flyway -target={mine[-1]} migrate",
            back=f"flyway -target={mine[0]} undo",
        )
        for piece in pieces
        for mine in [of_piece[piece.name]]
    }
    notes = (
        "Set `flyway.postgresql.transactional.lock=false`: Flyway's own lock is a transaction, for whose end CREATE INDEX"
        " CONCURRENTLY waits for ever.",
        "`flyway undo` is in the paid editions; without it run the U file with psql and delete its row of"
        " flyway_schema_history.",
    )
    return Output(tool="flyway", files=files, runs=tuple(runs), commands=commands, notes=notes)
