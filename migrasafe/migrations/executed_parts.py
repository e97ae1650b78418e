"""What a program sent to the server → the parts of a migration, each statement with the line that sent it."""

from __future__ import annotations

import linecache
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from migrasafe.migrations.executed import Executed
from migrasafe.migrations.model import Part, TransactionMode
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Origin, Script
from migrasafe.sql.source import Source


def parts_of(path: str, executed: Sequence[Executed]) -> tuple[Part, ...]:
    """One part for each transaction, and for what ran outside of any."""
    return tuple(_parts(path, executed))


def _parts(path: str, executed: Sequence[Executed]) -> Iterator[Part]:
    for (transaction, alone), group in groupby(enumerate(executed), key=_transaction):
        script = _script(path, [one for _, one in group])
        if transaction is not None:
            mode = TransactionMode.ONE
        elif alone is not None and len(script.statements) > 1:
            # Several statements sent at once outside of a transaction are one to the server.
            mode = TransactionMode.IMPLICIT
        else:
            mode = TransactionMode.NONE
        yield Part(script=script, wrapped=mode)


def _transaction(place_and_one: tuple[int, Executed]) -> tuple[int | None, int | None]:
    """What makes a part: the transaction; outside of one, a string of several statements is a part of its own."""
    place, one = place_and_one
    alone = one.transaction is None and ";" in one.sql.rstrip().rstrip(";")
    return one.transaction, place if alone else None


def _script(path: str, executed: Sequence[Executed]) -> Script:
    """The statements one below the other, each with the line of the revision that sent it."""
    texts = [_ended(one.sql) for one in executed]
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + 2)
    script = read_script(Source(path=path, text="\n\n".join(texts) + "\n"))
    senders = [bisect_right(starts, statement.span.start) - 1 for statement in script.statements]
    several = Counter(senders)
    origins = []
    below = 0
    for place, (statement, sender) in enumerate(zip(script.statements, senders, strict=True)):
        line = executed[sender].line or 1
        if several[sender] > 1:
            # Of several in one string, each is looked for below the one before it.
            below = max(line, below if place and senders[place - 1] == sender else 0)
            text = script.text_of(statement)
            line = below = _line_of(path, text, below) or line
        origins.append(Origin(path=path, line=line))
    return Script(source=script.source, statements=script.statements, comments=script.comments, origins=tuple(origins))


def _line_of(path: str, statement: str, start: int) -> int | None:
    """The first line from `start` on that holds the first line of a statement; None where it was not written so."""
    first = statement.partition("\n")[0].strip()
    for number, line in enumerate(linecache.getlines(path)[start - 1 :], start=start):
        if first in line:
            return number
    return None


def _ended(sql: str) -> str:
    """With a semicolon at its end, also when that is a comment."""
    text = sql.strip("\n").rstrip()
    if text.endswith(";"):
        return text
    return f"{text}\n;" if "--" in text.rpartition("\n")[2] else f"{text};"
