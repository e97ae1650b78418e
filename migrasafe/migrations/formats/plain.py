"""A folder of .sql files of no tool we know: in natural order, the down halves of pairs left out."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import up_script
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Made, Migration, Notice, Part
from migrasafe.regex import regex
from migrasafe.sql.source import Source

_BACK = tuple(f"{word}.sql" for word in ("down", "rollback", "revert", "undo"))
"""How the names of down halves end: few do, and this is found out much quicker than what stands before it."""
_DOWN = regex(r"(?i)(?:^|[._-])(?:down|rollback|revert|undo)(?=\.sql$)")
_SURELY_DOWN = regex(r"(?i)(?:^|\.)(?:down|rollback|revert|undo)\.sql$")
_BEFORE = "undo_"
"""As the files of a plan are called: `undo_10_expand.sql` beside `10_expand.sql`."""
_UP = tuple(f"{mark}{word}.sql" for mark in "._-" for word in ("up", "do", "deploy", "forward"))


def claims(folder: Folder) -> Claim | None:
    """Claim any folder that holds .sql files."""
    if any(file.endswith(".sql") for file in folder.files):
        return Claim(strength=Strength.FALLBACK, why="it holds .sql files")
    return None


def read(folder: Folder) -> History:
    """Read the .sql files directly in the folder, in natural order. Raises InputError."""
    files = sorted((file for file in folder.files if file.endswith(".sql")), key=natural)
    down = {file for file in files if file.lower().endswith(_BACK) and _DOWN.search(file)}
    stems = {_without_up(file) for file in files if file not in down} if down else set()
    halves = {file for file in down if _DOWN.sub("", file) in stems or file == "down.sql"}
    halves |= {file for file in files if file.startswith(_BEFORE) and file.removeprefix(_BEFORE) in files}
    alone = [file for file in files if file in down and file not in halves and _SURELY_DOWN.search(file)]
    return History(
        layout="plain",
        root=folder.path,
        migrations=Made(
            [file for file in files if file not in halves and file not in alone],
            lambda file: _migration(folder.later(file)),
        ),
        notices=tuple(_not_run(folder, file) for file in alone),
    )


def read_sources(sources: Iterable[Source]) -> tuple[Migration, ...]:
    """Texts of no tool as migrations, in the order given."""
    return tuple(_migration(source) for source in sources)


def _migration(source: Source) -> Migration:
    file = source.path.replace("\\", "/").rsplit("/", 1)[-1]
    return Migration(
        id=_without_up(file).removesuffix(".sql"),
        path=source.path,
        parts=(Part(script=up_script(source), wrapped=None),),
    )


def _without_up(file: str) -> str:
    """The name of a file without the word that says that it goes up."""
    if not file.lower().endswith(_UP):
        return file
    end = max(file.rfind(mark, 0, -len(".sql")) for mark in "._-")
    return f"{file[:end]}.sql"


def _not_run(folder: Folder, file: str) -> Notice:
    message = "not read: its name says that it takes something back, and there is no migration that it belongs to"
    return Notice(path=folder.place(file), line=1, message=message)
