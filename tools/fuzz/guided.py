"""One reader, fuzzed along its coverage by atheris: bytes that reach new lines are kept and changed further.

    python -m tools.fuzz.guided READER COUNTS CORPUS [libFuzzer's options]

A process of its own, because libFuzzer ends it: `python -m tools.fuzz guided` starts it, and reads COUNTS. What a text
breaks is noted and fuzzing goes on; only a crash of the interpreter, a hang and too much memory are left to libFuzzer.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from migrasafe.errors import MigrasafeError
from tools.fuzz.campaign import Counts, Findings, failures_of

_WRITTEN_EVERY_SECONDS = 1.0


class Progress(msgspec.Struct, kw_only=True):
    """What a process has done so far, in the file COUNTS."""

    counts: Counts
    classes: dict[str, int]


def main(arguments: list[str]) -> None:
    name, told, corpus, *limits = arguments
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["migrasafe"]):
        from tools.fuzz.readers import READERS, seeds_of

        reader = READERS[name]
        for seed in seeds_of(name):  # which import everything: what is imported later is not watched
            with suppress(Exception):
                reader.read(seed)
    progress = Progress(counts=Counts(), classes={})
    findings = Findings(Path(told).with_suffix(".found"))
    findings.classes = progress.classes
    last = 0.0

    def check(text: str) -> Iterator[str]:
        try:
            reader.read(text)
        except MigrasafeError:  # which is an answer
            return
        yield from ()

    def read(data: bytes) -> None:
        nonlocal last
        text = data.decode("utf-8", "replace")
        progress.counts.texts += 1
        for failure in failures_of(text, check):
            progress.counts.failures += 1
            findings.note(failure, [text], check)
        if time.monotonic() - last > _WRITTEN_EVERY_SECONDS:
            last = time.monotonic()
            Path(told).write_bytes(msgspec.json.encode(progress))

    atheris.Setup([sys.argv[0], *limits, corpus], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
