"""dbmate: `<version>_<name>.sql` with `-- migrate:up transaction:false` and `-- migrate:down`.

https://github.com/amacneil/dbmate#migration-options
"""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.errors import InputError
from migrasafe.plan.output.allowances import terminated
from migrasafe.plan.output.model import ALLOWED, Command, Output, Piece, Place, Run
from migrasafe.plan.output.single import BROKEN_BUILD, NOTHING, Single, of_piece, singles
from migrasafe.regex import regex

FOLDER = "dbmate"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One file for each statement, since dbmate sends each half as one message."""
    found = singles(pieces, place)
    _refuse_marks(found)
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


def _refuse_marks(found: Sequence[Single]) -> None:
    """Raise InputError where a name or text holds what dbmate, which reads lines and no SQL, takes for the end of a half."""
    for one in found:
        mark = next((line for sql in (one.ahead, *one.back) for line in sql.splitlines() if _MARK.match(line)), None)
        if mark is not None:
            raise InputError(
                f"dbmate would cut the migration of {one.piece} at the line {mark!r}, which stands in a name or text of it:"
                " leave out --format dbmate, and run the SQL files"
            )


_MARK = regex(r"\s*--\s*migrate:(?:up|down)")
