"""SQL that others wrote, as it is and changed at random: what is promised of any text, and what pglast says of it."""

from __future__ import annotations

import importlib
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

from migrasafe.sql.script import Script
from migrasafe.sql.statements import Unrecognized
from tools.fuzz.campaign import Counts, Findings, failures_of
from tools.fuzz.promises import broken_promises, linted, read

_MOST_SECONDS = 60
"""Of CPU for one text, after which it is a hang."""
_LONGEST = 20_000
"""Characters of a text that is changed: a longer one is cut to so many, from anywhere."""
_SPECIAL = (
    "'", '"', "$$", "$a$", ";", "(", ")", "/*", "*/", "--", "\n", "\\", "\\.\n", "\\copy ", "\x00", "\ufeff", "é", "\U0001f600",
    "\u2028", "E'", "U&'", "BEGIN;", "BEGIN ATOMIC ", "END", "COMMIT;", "FROM stdin;\n", "CREATE ", "::", "[", "{{", "%s", ":x",
)  # fmt: skip


class Hang(Exception):  # noqa: N818 (named as what is found)
    """A text took longer than any may."""


def texts_of(paths: Sequence[Path]) -> list[str]:
    """The .sql files of files and folders; bytes that are no UTF-8 are read as psql would show them."""
    files = [file for path in paths for file in (sorted(path.rglob("*.sql")) if path.is_dir() else [path])]
    return [file.read_bytes().decode("utf-8", "replace") for file in files if file.is_file()]


def fuzz_corpus(
    texts: Sequence[str], seed: int, changed: int, findings: Findings, pglast: ModuleType | None
) -> Iterator[Counts]:
    """Each text as it is, then `changed` texts made of them; what was done so far."""
    rng = random.Random(seed)
    counts = Counts()
    for number in range(len(texts) + changed):
        text = texts[number] if number < len(texts) else changed_text(rng, texts)

        def check(text: str) -> Iterator[str]:
            with at_most(_MOST_SECONDS):
                yield from broken_promises(text, *linted(text))
                if pglast is not None:
                    yield from otherwise(read(text), pglast)

        counts.texts += 1
        for failure in failures_of(text, check):
            counts.failures += 1
            findings.note(failure, [text], check)
        counts.statements += len(read(text).statements)
        counts.linted = counts.statements
        counts.classes = len(findings.classes)
        yield counts


def changed_text(rng: random.Random, texts: Sequence[str]) -> str:
    """A text of the corpus with a few cuts, repetitions, strange characters and pieces of other texts."""
    text = _piece(rng, rng.choice(texts), _LONGEST)
    for _ in range(rng.randint(1, 8)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 1, 1, 2, 8, 40, 400)))
        put = rng.choice(("", rng.choice(_SPECIAL), text[start:end] * 2, _piece(rng, rng.choice(texts), 200)))
        text = text[:start] + put + text[end:]
    return text


def _piece(rng: random.Random, text: str, longest: int) -> str:
    start = rng.randint(0, max(0, len(text) - longest))
    return text[start : start + longest]


@contextmanager
def at_most(cpu_seconds: float) -> Iterator[None]:
    """Raises Hang in what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {cpu_seconds} CPU seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- pglast -------------------------------------------------------------------------------------------------------------


def installed_pglast() -> ModuleType | None:
    """pglast, where somebody has installed it: it is GPL, and neither shipped nor asked for."""
    try:
        return importlib.import_module("pglast.parser")
    except ImportError:
        return None


def otherwise(script: Script, pglast: ModuleType) -> Iterator[str]:
    """Where pglast finds other statements in a text than we do: other ends, other kinds, or none at all."""
    for statement in script.statements:
        text = script.source.text[statement.span.start : statement.span.end]
        try:
            parsed = pglast.parse_sql(text)
        except Exception as error:
            if not isinstance(statement, Unrecognized) and not text.startswith("\\"):
                yield f"read as {type(statement).__name__}, where pglast says {str(error)[:60]!r}: {text[:80]!r}"
            continue
        if isinstance(statement, Unrecognized):
            if parsed and not statement.reason.startswith(_SAID_OF_WHAT_CAN_BE_PARSED):
                yield f"not understood ({statement.reason[:60]}), where pglast reads it: {text[:80]!r}"
        elif len(parsed) != 1:
            yield f"read as one {type(statement).__name__}, as {len(parsed)} by pglast: {text[:80]!r}"
        else:
            tag = type(parsed[0].stmt).__name__
            ours = type(statement).__name__
            if tag in _KINDS and ours not in _KINDS[tag]:
                yield f"read as {ours}, as {tag} by pglast: {text[:80]!r}"


_SAID_OF_WHAT_CAN_BE_PARSED = (
    "nested too deeply",
    "EXECUTE runs",
    "SQL cannot contain a NUL",
    "psql's \\; sends it",
    "CREATE STATISTICS over",
)

_KINDS = {
    "CreateStmt": {"CreateTable"},
    "CreateForeignTableStmt": {"CreateTable"},
    "IndexStmt": {"CreateIndex"},
    "ViewStmt": {"CreateView"},
    "CreateSeqStmt": {"CreateSequence"},
    "CreateFunctionStmt": {"CreateFunction"},
    "CreateTrigStmt": {"CreateTrigger"},
    "CreateEnumStmt": {"CreateEnum"},
    "CreateDomainStmt": {"CreateDomain"},
    "CreatePolicyStmt": {"CreatePolicy"},
    "CreateSchemaStmt": {"CreateSchema"},
    "TransactionStmt": {"Transaction"},
    "SelectStmt": {"Select", "CreateTableAs"},  # SELECT … INTO
    "InsertStmt": {"Insert"},
    "UpdateStmt": {"Update"},
    "DeleteStmt": {"Delete"},
    "TruncateStmt": {"Truncate"},
    "RenameStmt": {"Rename", "RenameEnumValue"},
    "DropStmt": {"Drop"},
    "LockStmt": {"LockTable"},
}
