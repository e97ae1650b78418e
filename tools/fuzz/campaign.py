"""One long run of the fuzzer over texts from anywhere: what it counts, and what it keeps of each failure."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from tools.fuzz.shrink import fewest


class Counts(Struct, kw_only=True):
    """What a campaign has done so far."""

    texts: int = 0
    statements: int = 0
    linted: int = 0
    """Statements that went through every rule as well."""
    failures: int = 0
    classes: int = 0
    """Failures that differ in the exception and its place, or in the promise that was broken."""


class Failure(Struct, frozen=True, kw_only=True):
    kind: str
    """Tells classes apart: the exception and the line that raised it, or the promise without its names."""
    message: str


Check = Callable[[str], Iterator[str]]
"""Takes a text and says which promises are broken; what it raises is a failure too."""


def failures_of(text: str, check: Check) -> list[Failure]:
    """What goes wrong with a text."""
    found: list[Failure] = []
    try:
        found.extend(Failure(kind=_without_names(broken), message=broken) for broken in check(text))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of a library in Rust is no Exception
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "migrasafe" in Path(frame.filename).parts] or frames
        place = f"{Path(ours[-1].filename).name}:{ours[-1].name}"
        message = f"{type(error).__name__}: {error} ({place})"[:500]
        found.append(Failure(kind=f"{type(error).__name__} in {place}", message=message))
    return found


class Findings:
    """The failures of a campaign: one file of each class, with the fewest statements that show it."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.classes: dict[str, int] = {}

    def note(self, failure: Failure, statements: Sequence[str], check: Check) -> None:
        """Count a failure, and write down the first of each class."""
        known = self.classes.get(failure.kind, 0)
        self.classes[failure.kind] = known + 1
        if known or self.folder is None:
            return

        def fails(fewer: Sequence[str]) -> bool:
            return any(again.kind == failure.kind for again in failures_of(joined(fewer), check))

        shown = joined(fewest(statements, fails)) if fails(statements) else joined(statements)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{len(self.classes):03}.json"
        path.write_text(
            json.dumps({"kind": failure.kind, "message": failure.message, "text": shown}, ensure_ascii=True, indent=1),
            encoding="utf-8",
        )


def joined(statements: Sequence[str]) -> str:
    return "".join(f"{one};\n" for one in statements)


def _without_names(broken: str) -> str:
    """`public.orders has two columns of one name` → `has two columns of one name`."""
    return " ".join(word for word in broken.split() if "." not in word and "'" not in word and not word.isdigit())[:80]
