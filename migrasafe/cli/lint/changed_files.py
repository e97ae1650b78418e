"""Files that `lint --fix` changes: as a unified diff, and onto the disk, each of them whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from migrasafe.errors import InputError

_BOM = "\ufeff"
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')


class ChangedFile(Struct, frozen=True, kw_only=True):
    """A file before and after, with its byte order mark."""

    path: str
    before: str | None
    """None for a file that is made."""
    after: str


def changed_files(texts: Mapping[str, str]) -> tuple[ChangedFile, ...]:
    """The files with these texts in the place of theirs. Raises InputError for one that cannot be read."""
    changed = []
    for path, text in sorted(texts.items()):
        before = _read(path)
        mark = _BOM if before is not None and before.startswith(_BOM) else ""
        if before != mark + text:
            changed.append(ChangedFile(path=path, before=before, after=mark + text))
    return tuple(changed)


def text_of(path: str) -> str | None:
    """The text of a file without its byte order mark; None for one that is not there. Raises InputError."""
    text = _read(path)
    return None if text is None else text.removeprefix(_BOM)


def _read(path: str) -> str | None:
    try:
        return Path(path).read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def unified_diff(files: Sequence[ChangedFile]) -> str:
    """What `git apply` and `patch -p1` take."""
    return "".join(line for file in files for line in _diff(file))


def _diff(file: ChangedFile) -> Iterator[str]:
    import difflib  # here, because only --diff needs it

    prefixes = ("", "") if Path(file.path).is_absolute() else ("a/", "b/")
    old = "/dev/null" if file.before is None else _in_header(f"{prefixes[0]}{Path(file.path).as_posix()}")
    new = _in_header(f"{prefixes[1]}{Path(file.path).as_posix()}")
    for line in difflib.unified_diff(_lines(file.before or ""), _lines(file.after), old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _in_header(path: str) -> str:
    """As git writes the name of a file: bytes that are no UTF-8, and what would end the line or the name, in quotes."""
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    bytes_of = path.encode(errors="surrogateescape")
    return '"' + "".join(chr(one) if one in _PLAIN else f"\\{one:03o}" for one in bytes_of) + '"'


def _lines(text: str) -> list[str]:
    """With their ends, which are line feeds only: other characters at which Python splits are text."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def write_changed(files: Sequence[ChangedFile]) -> None:
    """Write the files. First all are written beside their places; only when that has worked, each takes its place in one
    step, if it still says what it said. Raises InputError, which says what is changed by then."""
    ready: list[tuple[ChangedFile, Path, Path]] = []
    done: list[str] = []
    try:
        for file in files:
            place = Path(file.path).resolve()  # through links, which stay
            ready.append((file, _written_beside(place, file.after), place))
        for file, new, place in ready:
            if _read(str(place)) != file.before:
                raise InputError(f"{file.path}: has changed while it was looked at{_said(done)}; run again")
            new.replace(place)
            done.append(file.path)
    except OSError as error:
        where = files[len(done)].path if len(ready) == len(files) else files[len(ready)].path
        raise InputError(f"{where}: cannot be written: {error.strerror or error}{_said(done)}") from error
    finally:
        for _, new, _ in ready:
            new.unlink(missing_ok=True)


def _said(done: Sequence[str]) -> str:
    return f" ({', '.join(done)}: changed already)" if done else " (nothing is changed)"


def _written_beside(place: Path, text: str) -> Path:
    """A new file with the mode and, where that may be, the owner of the one whose place it will take."""
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            if not os.access(place, os.W_OK):
                raise PermissionError(13, "it is read-only")
            known = place.stat()
            new.chmod(stat.S_IMODE(known.st_mode))
            with suppress(OSError, AttributeError):
                os.chown(new, known.st_uid, known.st_gid)
        else:
            mask = os.umask(0)
            os.umask(mask)
            new.chmod(0o666 & ~mask)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new
