"""Several files in one text, as the fuzzer changes them: each behind a line `=== its/path`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FILE = re.compile(r"(?m)^=== ([\w./ -]{1,80})\n")


class Broken(Exception):  # noqa: N818 (named as what is found)
    """A promise that was not kept."""


def bundle(files: Mapping[str, str]) -> str:
    return "".join(f"=== {path}\n{text}\n" for path, text in files.items())


def files_of(text: str) -> dict[str, str]:
    """The files of a bundle; what stands before the first, or stands alone, is 1.sql."""
    pieces = _FILE.split(text)
    files = {"1.sql": pieces[0]} if pieces[0].strip() else {}
    for path, inside in zip(pieces[1::2], pieces[2::2], strict=True):
        steps = [step for step in path.split("/") if step.strip(". ")]
        if steps and not any("/".join(steps[:n]) in files for n in range(1, len(steps))):
            files["/".join(steps)] = inside
    return {path: inside for path, inside in files.items() if not any(other.startswith(f"{path}/") for other in files)}
