"""Prisma: `<timestamp>_<name>/migration.sql`, sent as one message; `down.sql` beside it is for people.

https://www.prisma.io/docs/orm/prisma-migrate/workflows/generating-down-migrations
"""

from __future__ import annotations

from migrasafe.migrations.model import TransactionMode
from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.single import BROKEN_BUILD, of_piece, singles

FOLDER = "prisma"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One folder for each statement."""
    found = singles(pieces, place)
    files: dict[str, str] = {}
    runs: list[Run] = []
    for one in found:
        folder = f"{FOLDER}/{one.version}_{one.name}"
        up, down = f"{folder}/migration.sql", f"{folder}/down.sql"
        files[up] = f"{ALLOWED}\n{one.comment}\n{terminated([one.ahead])}"
        runs.append(Run(file=up, phase=one.phase, statements=(one.ahead,), transaction=TransactionMode.IMPLICIT))
        if one.back:
            files[down] = f"{ALLOWED}\n{terminated(one.back)}"
            mode = TransactionMode.IMPLICIT
            runs.append(Run(file=down, phase=one.phase, statements=one.back, transaction=mode, down=True))
    commands = {}
    for piece in pieces:
        mine = of_piece(found, piece)
        names = [f"{FOLDER}/{one.version}_{one.name}" for one in mine]
        undone = [name for one, name in zip(mine, names, strict=True) if one.back]
        commands[piece.name] = Command(
            files=tuple(names),
            ahead="npx prisma migrate deploy",
            back="; ".join(f"npx prisma db execute --file {name}/down.sql" for name in reversed(undone)) or None,
        )
    notes = (
        BROKEN_BUILD,
        "Prisma deploys all that is in its folder: copy the folders of one phase when its time has come.",
        "After a migration that failed (a gate that does not hold is one), say `npx prisma migrate resolve --rolled-back"
        " NAME`, then deploy again. Prisma takes nothing back by itself: run down.sql of each folder, the last one first, and"
        " delete its row of _prisma_migrations. Before version 7, `db execute` wants `--schema prisma/schema.prisma` as well.",
    )
    return Output(tool="prisma", files=files, runs=tuple(runs), commands=commands, notes=notes)
