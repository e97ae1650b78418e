"""golang-migrate: `<version>_<name>.up.sql` and `.down.sql`, each sent as one message.

https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md
"""

from __future__ import annotations

from migrasafe.migrations.model import TransactionMode
from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.single import BROKEN_BUILD, NOTHING, of_piece, singles

FOLDER = "golang-migrate"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One pair of files for each statement."""
    found = singles(pieces, place)
    files: dict[str, str] = {}
    runs: list[Run] = []
    for one in found:
        base = f"{FOLDER}/{one.version}_{one.name}"
        up, down = f"{base}.up.sql", f"{base}.down.sql"
        files[up] = f"{ALLOWED}\n{one.comment}\n{terminated([one.ahead])}"
        files[down] = f"{ALLOWED}\n{terminated(one.back)}" if one.back else f"{NOTHING}\n"
        runs += [
            Run(file=up, phase=one.phase, statements=(one.ahead,), transaction=TransactionMode.IMPLICIT),
            Run(file=down, phase=one.phase, statements=one.back, transaction=TransactionMode.IMPLICIT, down=True),
        ]
    commands = {}
    for piece in pieces:
        mine = of_piece(found, piece)
        names = [f"{FOLDER}/{one.version}_{one.name}" for one in mine]
        commands[piece.name] = Command(
            files=tuple(f"{name}.{way}.sql" for name in names for way in ("up", "down")),
            ahead=f"migrate -path … -database … goto {mine[-1].version}",
            back=f"migrate -path … -database … down {len(mine)}",
        )
    notes = (
        BROKEN_BUILD,
        "After a migration that failed (a gate that does not hold is one), golang-migrate wants `migrate force` with the"
        " version before it; nothing was changed then, and it may be run again.",
    )
    return Output(tool="golang-migrate", files=files, runs=tuple(runs), commands=commands, notes=notes)
