"""Rails writes the schema down beside its migrations: that of an older commit is what the newer migrations start from."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from migrasafe.cli.inputs.since import Since
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.migrations.rails.read import read_schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source


def on_dump(git: Since, history: History) -> History:
    """The history with structure.sql or schema.rb of the older commit in the place of the migrations that had shipped by then,
    which a project may have thrown away, or written with code that only a run would understand; as it was where there is none."""
    folder = Path(history.root).resolve()
    prefix = folder.name.removesuffix("migrate")  # db/animals_migrate goes with db/animals_structure.sql
    for name in ("structure.sql", "schema.rb"):
        file = str(folder.parent / f"{prefix}{name}")
        if file in git.there:
            shipped = [one for one in history.migrations if git.real.of(one.path) in git.there]
            edited = [one for one in shipped if one.since is not None and one.since.edited]
            new = [one for one in history.migrations if one not in shipped]
            return replace(history, migrations=(*edited, _dump(git, file), *new))
    return history


def _dump(git: Since, file: str) -> Migration:
    """It is never reported on: git knows no file of this path."""
    shown = f"{git.ref}:{git.name_of(file)}"
    source = Source(path=shown, text=git.text_of(file))
    if file.endswith(".rb"):
        return read_schema(source)
    return Migration(id=shown, path=shown, parts=(Part(script=read_script(source), wrapped=TransactionMode.NONE),))
