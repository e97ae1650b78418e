"""A folder of .sql files of no tool we know: in natural order, the down halves of pairs left out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import up_script
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, Part, TransactionMode
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import (
    AlterTable,
    ClusterWide,
    CreateIndex,
    DetachPartition,
    Drop,
    Reindex,
    Statement,
    Transaction,
    Vacuum,
)

_DOWN = re.compile(r"(?i)(?:^|[._-])(?:down|rollback|revert|undo)\.sql$")
_UP = re.compile(r"(?i)[._-]up(?=\.sql$)")


def claims(folder: Folder) -> Claim | None:
    """Claim any folder that holds .sql files."""
    if any(file.endswith(".sql") for file in folder.files):
        return Claim(strength=Strength.FALLBACK, why="it holds .sql files")
    return None


def read(folder: Folder) -> History:
    """Read the .sql files directly in the folder, in natural order. Raises InputError."""
    files = sorted((file for file in folder.files if file.endswith(".sql")), key=natural)
    ups = [file for file in files if not _DOWN.search(file)]
    return History(
        layout="plain",
        root=folder.path,
        migrations=read_sources(folder.source(file) for file in ups),
        notices=tuple(_not_run(folder, file) for file in files if _DOWN.search(file) and not _half(file, ups)),
    )


def read_sources(sources: Iterable[Source]) -> tuple[Migration, ...]:
    """Texts of no tool as migrations, in the order given."""
    return tuple(_migration(source) for source in sources)


def _migration(source: Source) -> Migration:
    script = up_script(source)
    file = source.path.replace("\\", "/").rsplit("/", 1)[-1]
    return Migration(
        id=_UP.sub("", file).removesuffix(".sql"),
        path=source.path,
        parts=(Part(script=script, transaction=unknown_transaction(script)),),
    )


def unknown_transaction(script: Script) -> TransactionMode:
    """One transaction, where no tool says: unless the script runs its own, or could only ever run without."""
    alone = any(isinstance(statement, Transaction) or refuses_transaction(statement) for statement in script.statements)
    return TransactionMode.NONE if alone else TransactionMode.ONE


def refuses_transaction(statement: Statement) -> bool:
    """Whether PostgreSQL never runs it inside a transaction block, whatever the version."""
    match statement:
        case (
            CreateIndex(concurrently=True) | Drop(concurrently=True) | Reindex(concurrently=True) | Vacuum(vacuum=True)
        ):
            return True
        case ClusterWide(verb=verb, kind=kind):
            return kind == "SYSTEM" or verb.lower() != "alter"
        case AlterTable(actions=actions):
            return any(isinstance(action, DetachPartition) and action.concurrently for action in actions)
        case _:
            return False


def _half(down: str, ups: list[str]) -> bool:
    stem = _DOWN.sub("", down)
    return any(_UP.sub("", up).removesuffix(".sql") == stem or up in ("up.sql", "migration.sql") for up in ups)


def _not_run(folder: Folder, file: str) -> Notice:
    message = "not read: its name says that it takes something back, and there is no migration that it belongs to"
    return Notice(path=folder.place(file), line=1, message=message)
