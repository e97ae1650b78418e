"""The conversion of a plan on values that live rows have: which have no value on the new side, which do not come back.

The values are written to the sandbox, nowhere else: the evidence says how many, and shows an example only as somebody wants.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

from msgspec import Struct

from migrasafe.plan.evidence import Audited, Failure
from migrasafe.postgres.connect import connect, describe_dsn
from migrasafe.postgres.figures.sample import read_sample
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.quantities import say_count
from migrasafe.rehearse.both_sides.there_and_back import Held, Pair, Trial, Write, constants, some_row
from migrasafe.sql.quote import quote_ident, quote_literal

NOT_FOR_IT = ("23505", "23503")
"""The value is another row's in the sandbox, or refers to a row that is not there."""
LONGEST_SHOWN = 40


class Examples(Enum):
    NONE = "none"
    SHAPE = "shape"
    """Letters as `a`, digits as `9`."""
    VALUE = "value"


class Live(Struct, frozen=True, kw_only=True):
    """Where values are drawn from, with somebody's consent."""

    dsn: str
    rows: int = 1000
    examples: Examples = Examples.SHAPE


class Fate(Enum):
    """What becomes of a value."""

    FINE = "fine"
    REFUSED = "refused"
    NULLED = "nulled"
    LOST = "lost"
    NOT_TRIED = "not tried"


def audit(pair: Pair, dsn: str, live: Live, *, seed: int) -> Audited | None:
    """Write each value that the sample has to the old side, and what comes of it to the new one. Raises ServerError.

    None where the sandbox has no row to write it to.
    """
    names = tuple(quote_ident(column.name) for column in pair.old)
    sample = read_sample(live.dsn, pair.use.name, names, rows=live.rows, seed=seed)
    values = Counter(sample.rows)
    fates: Counter[Fate] = Counter()
    examples: dict[Fate, str] = {}
    with connect(dsn) as session:
        where = some_row(session, pair)
        if where is None:
            return None
        trial = Trial(session, pair, where)
        for value, count in values.items():
            fate, why = _fate(trial, pair, value)
            fates[fate] += count
            if fate not in (Fate.FINE, Fate.NOT_TRIED) and live.examples is not Examples.NONE:
                examples.setdefault(fate, f"{fate.value}: {_shown(value, live.examples)}{why}")
    return Audited(
        table=pair.use.name,
        old=names,
        new=pair.new,
        source=describe_dsn(live.dsn),
        rows=len(sample.rows),
        values=len(values),
        refused=fates[Fate.REFUSED],
        nulled=fates[Fate.NULLED],
        lost=fates[Fate.LOST],
        not_tried=fates[Fate.NOT_TRIED],
        examples=tuple(examples.values()),
    )


def failures_of(audited: Audited, *, decided: bool) -> tuple[Failure, ...]:
    """What the plan does not say of these values. `decided`: it lets values go, and says so."""
    rows = f"of {say_count(audited.rows, 'row')} drawn from {audited.table}"
    wrong = []
    if audited.refused:
        wrong.append(f"{audited.refused} {rows} have a value that the server does not take on the new side")
    if audited.nulled and not decided:
        wrong.append(f"{audited.nulled} {rows} have a value, and none on the new side")
    if audited.lost and not decided:
        wrong.append(
            f"{audited.lost} {rows} have a value that does not come back as it was: the conversion loses something"
        )
    shown = f" ({'; '.join(audited.examples)})" if audited.examples else ""
    return tuple(Failure(about="conversion", where=audited.table, message=f"{one}{shown}") for one in wrong)


def _fate(trial: Trial, pair: Pair, value: Held) -> tuple[Fate, str]:
    """What becomes of one, and the server's code where that tells."""
    if all(one is None for one in value):
        return Fate.FINE, ""
    typed = zip(value, pair.old, strict=True)
    written = tuple("NULL" if one is None else f"{quote_literal(one)}::{column.type}" for one, column in typed)
    after = trial.after([Write(version="old", values=written, holds=value)])
    if isinstance(after, SqlState):
        return (Fate.NOT_TRIED, "") if after.code in NOT_FOR_IT else (Fate.REFUSED, f" (SQLSTATE {after.code})")
    if all(one is None for one in after.new):
        return Fate.NULLED, ""
    back = trial.after([Write(version="new", values=constants(after.new), holds=after.new)])
    if isinstance(back, SqlState):
        return Fate.NOT_TRIED, ""
    return (Fate.FINE, "") if back.old == after.old else (Fate.LOST, "")


def _shown(value: Held, how: Examples) -> str:
    if how is Examples.VALUE:
        return ", ".join("null" if one is None else repr(one[:LONGEST_SHOWN]) for one in value)
    return ", ".join("null" if one is None else f"{_shape(one)} ({len(one)} characters)" for one in value)


def _shape(text: str) -> str:
    shape = "".join("9" if one.isdigit() else "a" if one.isalpha() else one for one in text[:LONGEST_SHOWN])
    return repr(shape) + ("…" if len(text) > LONGEST_SHOWN else "")
