"""goose: `<version>_<name>.sql` with `-- +goose Up` and `Down`, and Go files with SQL in them.

https://pressly.github.io/goose/documentation/annotations/
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.go_source import read_go
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.markers import marked, share_marked
from migrasafe.migrations.formats.pairs import left_over
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.migrations.template import Masked, mask
from migrasafe.regex import regex

MARKER = regex(r"^[ \t]*--[ \t]*\+goose[ \t]+([^\n\r]*)", re.IGNORECASE | re.MULTILINE)
_NAME = regex(r"^(\d+)_(.*)\.(sql|go)$")
_ENVIRONMENT = r"\$\{[A-Za-z_]\w*(?::?-[^}]*)?\}|\$[A-Za-z_]\w*(?!\$)\b"


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose .sql files have `-- +goose` markers, or whose Go files register with goose."""
    if share_marked(folder, [file for file in folder.files if file.endswith(".sql")], MARKER):
        return Claim(strength=Strength.OWN, why="files with `-- +goose Up`")
    if any(_NAME.match(file) and "pressly/goose" in folder.head(file) for file in folder.files if file.endswith(".go")):
        return Claim(strength=Strength.OWN, why="Go files that register with goose")
    return None


def read(folder: Folder) -> History:
    """Read SQL and Go files together, in the order of their versions. Raises InputError."""
    named = [
        (int(match.group(1)), file, match.group(2))
        for file in folder.files
        if (match := _NAME.match(file)) and not file.endswith("_test.go")
    ]
    return History(
        layout="goose",
        root=folder.path,
        migrations=tuple(
            _go(folder, *found) if found[1].endswith(".go") else _sql(folder, *found) for found in sorted(named)
        ),
        notices=left_over(folder, [file for _, file, _ in named], "goose runs only files named <version>_<name>"),
    )


def _sql(folder: Folder, version: int, file: str, name: str) -> Migration:
    source = folder.source(file)
    up = marked(source, MARKER, "goose")
    masked = Masked(source=source)
    if "envsub on" in up.flags:
        masked = mask(source, _ENVIRONMENT, lambda written: re.findall(r"\w+", written)[0].lower(), "goose")
    return from_source(
        masked,
        id=str(version),
        name=name,
        transaction=TransactionMode.NONE if "no transaction" in up.flags else TransactionMode.ONE,
        sections=up.sections,
        notices=up.notices,
    )


def _go(folder: Folder, version: int, file: str, name: str) -> Migration:
    found = read_go(folder.source(file))
    return from_source(
        found.source,
        id=str(version),
        name=name,
        transaction=TransactionMode.ONE if found.in_transaction else TransactionMode.NONE,
        sections=found.sections,
        notices=found.notices,
    )
