"""sqlx: `<version>_<name>.up.sql` and `.down.sql`, with `-- no-transaction` on the first line.

https://docs.rs/sqlx/latest/sqlx/migrate/trait.MigrationSource.html
"""

from __future__ import annotations

from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.single import BROKEN_BUILD, NOTHING, of_piece, singles

FOLDER = "sqlx"
_FIRST_LINE = "-- no-transaction"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One pair of files for each statement: sqlx sends a file as one message, and without a transaction it has to be one
    statement."""
    found = singles(pieces, place)
    files: dict[str, str] = {}
    runs: list[Run] = []
    for one in found:
        up, down = (f"{FOLDER}/{one.version}_{one.name}.{way}.sql" for way in ("up", "down"))
        files[up] = f"{_FIRST_LINE}\n{ALLOWED}\n{one.comment}\n{terminated([one.ahead])}"
        files[down] = f"{_FIRST_LINE}\n" + (f"{ALLOWED}\n{terminated(one.back)}" if one.back else f"{NOTHING}\n")
        runs += [
            Run(file=up, phase=one.phase, statements=(one.ahead,)),
            Run(file=down, phase=one.phase, statements=one.back, down=True),
        ]
    commands = {}
    for piece in pieces:
        mine = of_piece(found, piece)
        first = found.index(mine[0])
        before = found[first - 1].version if first else place.last or "0"
        commands[piece.name] = Command(
            files=tuple(f"{FOLDER}/{one.version}_{one.name}.{way}.sql" for one in mine for way in ("up", "down")),
            ahead=f"sqlx migrate run --target-version {mine[-1].version}",
            back=f"sqlx migrate revert --target-version {before}",
        )
    notes = (BROKEN_BUILD, "`-- no-transaction` needs sqlx 0.8.3 or newer.")
    return Output(tool="sqlx", files=files, runs=tuple(runs), commands=commands, notes=notes)
