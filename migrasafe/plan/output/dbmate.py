"""dbmate: `<version>_<name>.sql` with `-- migrate:up transaction:false` and `-- migrate:down`.

https://github.com/amacneil/dbmate#migration-options
"""

from __future__ import annotations

from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.single import BROKEN_BUILD, NOTHING, of_piece, singles

FOLDER = "dbmate"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One file for each statement, since dbmate sends each half as one message."""
    found = singles(pieces, place)
    names = {one.version: f"{FOLDER}/{one.version}_{one.name}.sql" for one in found}
    files: dict[str, str] = {}
    for one in found:
        back = terminated(one.back) if one.back else f"{NOTHING}\n"
        files[names[one.version]] = (
            f"{ALLOWED}\n-- migrate:up transaction:false\n{one.comment}\n{terminated([one.ahead])}\n"
            f"-- migrate:down transaction:false\n{back}"
        )
    runs = tuple(Run(file=names[one.version], phase=one.phase, statements=(one.ahead,)) for one in found)
    commands = {}
    for piece in pieces:
        mine = of_piece(found, piece)
        commands[piece.name] = Command(
            files=tuple(names[one.version] for one in mine),
            ahead="dbmate migrate",
            back="; ".join(["dbmate rollback"] * len(mine))
            if len(mine) < 3
            else f"dbmate rollback  # {len(mine)} times",
        )
    notes = (BROKEN_BUILD, "dbmate runs all that is in its folder: copy the files of one phase when its time has come.")
    return Output(tool="dbmate", files=files, runs=runs, commands=commands, notes=notes)
