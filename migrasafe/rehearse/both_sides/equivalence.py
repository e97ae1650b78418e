"""Random writes of both versions to one row: whatever the order, both sides follow from each other, and nothing is lost.

The columns that a backfill of the plan fills are the new side, the columns it reads the old one. Where the plan makes
triggers that carry the new side back, a value has to survive the way there and back.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.evidence import Audited, Failure
from migrasafe.plan.model import Plan
from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.both_sides.there_and_back import Held, Pair, Trial, Values, Write, constants, some_row
from migrasafe.rehearse.made_up.app import TableUse
from migrasafe.rehearse.made_up.edge_values import edge_values, ordinary_values
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident

SEQUENCES = 60
LONGEST = 6
NOT_FOR_IT = ("23505", "23503")
"""The value is another row's, or no other row has it."""
DATA = ("22", "23")
"""What SQLSTATEs begin with that say: this value is not for this column."""


Means = Callable[[Values], Held | None]
"""What the one-shot migration makes of old values; None: that is not known."""


class Checked(Struct, frozen=True, kw_only=True):
    audits: tuple[Audited, ...] = ()
    round_trips: int = 0
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def pairs(plan: Plan, uses: Sequence[TableUse], session: Connection) -> Iterator[Pair]:
    """What the plan's backfills fill and its triggers carry back."""
    made = {trigger for step in plan.steps for statement in step.statements for trigger in _TRIGGER.findall(statement)}
    for job in (job for phase in plan.phases for job in phase.backfills):
        parts = [one.partition(" = ") for one in job.assignments]
        ups = tuple(expression for _, _, expression in parts)
        read = {name for up in ups for name in columns_read(parse_expression(up))}
        for use in uses:
            old = tuple(column for column in use.columns if column.name in read)
            if any(column.always for column in old):
                continue  # no version writes it: the table numbers its rows itself
            both_ways = any(_same_table(session, use.name, table) for table in made)
            if old and both_ways and _same_table(session, use.name, job.table):
                yield Pair(use=use, old=old, new=tuple(name for name, _, _ in parts), ups=ups)


_TRIGGER = re.compile(r'CREATE TRIGGER "!migrasafe_\S+ BEFORE .+? ON (\S.*?) FOR EACH ROW')
"""What carries the new side back, and its table."""


def _same_table(session: Connection, one: str, other: str) -> bool:
    return bool(run(session, "SELECT %s::regclass = %s::regclass", one, other)[0][0])


def check(pair: Pair, dsn: str, meaning: Means, *, seed: int, decided: bool = False) -> Checked:
    """Write to a row in many ways, and take it all back; the smallest that goes wrong is told. `meaning`: what the new side
    has to be, from somebody else; `decided`: somebody has said what becomes of values that do not convert, so that they are
    no failure."""
    with connect(dsn) as session:
        where = some_row(session, pair)
        if where is None:
            return Checked(notes=(f"{pair.use.name} has no row to carry values there and back in",))
        return _Check(session, pair, where, random.Random(seed), meaning, decided=decided).all()


def left_behind(pair: Pair, dsn: str) -> Iterator[Failure]:
    """Rows that the backfill did not fill, whatever the plan's own gate says of them."""
    old, new, ups = (", ".join(one) for one in (map(quote_ident, (one.name for one in pair.old)), pair.new, pair.ups))
    with connect(dsn) as session:
        answer = ask(
            session,
            f"SELECT count(*) FROM {pair.use.name}"
            f" WHERE ROW({new}) IS NULL AND NOT (ROW({old}) IS NULL) AND NOT (ROW({ups}) IS NULL)",
        )
    if not isinstance(answer, SqlState) and answer[0][0]:
        said = f"when it is over, {new} is null in {answer[0][0]} rows of {pair.use.name} in which {old} has a value"
        yield Failure(about="backfill", where=pair.use.name, message=said)


class _Check:
    def __init__(
        self, session: Connection, pair: Pair, where: str, rng: random.Random, meaning: Means, *, decided: bool
    ) -> None:
        self._pair, self._rng, self._meaning, self._decided = pair, rng, meaning, decided
        self._trial = Trial(session, pair, where)
        self._known: list[tuple[Write, Write, bool]] = []
        """What the old version writes, what the new one then sees and could have written, and whether that is usual, or has
        come back as it was."""
        self._round_trips = 0
        self._notes: list[str] = []
        self._failures: list[Failure] = []

    def all(self) -> Checked:
        self._from_the_old_side()
        if not self._failures:
            self._there_and_back()
        if not self._failures:
            self._in_any_order()
        return Checked(round_trips=self._round_trips, notes=tuple(self._notes), failures=tuple(self._failures[:1]))

    def _from_the_old_side(self) -> None:
        for edge in (False, True):
            pools = [edge_values(column) if edge else ordinary_values(column) for column in self._pair.old]
            for values in zip(*_as_long(pools), strict=True):
                self._one_old(tuple(values), usual=not edge)

    def _one_old(self, values: Values, *, usual: bool) -> None:
        write = Write(version="old", values=values, holds=())
        after = self._trial.after([write])
        if isinstance(after, SqlState):
            said = f"{write}: {after.message} ({after.code})"
            if after.code in NOT_FOR_IT:
                return
            if not usual or after.code.startswith(DATA):
                self._notes.append(f"no value of the new side: {said}")
            else:
                self._fail(said)
        elif (
            (meant := self._meaning(values)) is not None and meant != after.new and after.in_step and not self._failures
        ):
            self._fail(
                f"{write}, and the new side ({', '.join(self._pair.new)}) holds {_said(after.new)}, of which the one-shot"
                f" migration makes {_said(meant)}"
            )
        elif after.new == (None,) * len(after.new) != after.old and (after.in_step or self._decided):
            self._notes.append(f"no value of the new side: {write}, and the new one reads null")
        elif not after.in_step and not any(one is not None for one in (*after.old, *after.new)):
            return  # nothing was written, and nothing is there
        elif not after.in_step and not self._failures:
            self._fail(
                f"{write}, and the new side ({', '.join(self._pair.new)}) does not follow: it holds {_said(after.new)}"
            )
        else:
            new = Write(version="new", values=constants(after.new), holds=after.new)
            self._known.append((Write(version="old", values=values, holds=after.old), new, usual))

    def _there_and_back(self) -> None:
        """What the new version writes has to reach the old side, as the value that it came from."""
        for place, (old, new, usual) in enumerate(self._known):
            other = next((one for one, seen, _ in self._known if seen.holds != new.holds), None)
            if other is None:
                continue
            after = self._trial.after([other, new])
            self._round_trips += 1
            if isinstance(after, SqlState):
                self._notes.append(f"{new}: {after.message} ({after.code})")
            elif after.new != new.holds:
                self._fail(f"{new}, and reads {_said(after.new)}")
            elif not after.in_step and after.old != old.holds:
                self._fail(f"{other}, then {new}, and the old side does not follow: it holds {_said(after.old)}")
            elif after.old != old.holds:
                lost = f"{old}, the new one reads {_said(new.holds)} and writes that, and the old one reads {_said(after.old)}"
                if usual and not self._decided:
                    self._fail(f"the conversion loses something: {lost}")
                else:
                    self._known[place] = (old, new, False)
                    self._notes.append(f"lost on the way there and back: {lost}")
            else:
                self._known[place] = (old, new, True)

    def _in_any_order(self) -> None:
        usual = [write for old, new, usual in self._known if usual for write in (old, new)]
        for _ in range(SEQUENCES if usual else 0):
            writes = [self._rng.choice(usual) for _ in range(self._rng.randint(2, LONGEST))]
            wrong = self._wrong(writes)
            self._round_trips += len(writes)
            if wrong:
                shortest = self._shrunk(writes)
                self._fail(f"{'; then '.join(map(str, shortest))}: {self._wrong(shortest)}")
                return

    def _shrunk(self, writes: list[Write]) -> list[Write]:
        """The fewest of these writes that still go wrong."""
        place = 0
        while place < len(writes):
            fewer = writes[:place] + writes[place + 1 :]
            if fewer and self._wrong(fewer):
                writes = fewer
            else:
                place += 1
        return writes

    def _wrong(self, writes: Sequence[Write]) -> str:
        """What is wrong after these writes; empty where nothing is."""
        after = self._trial.after(writes)
        last = writes[-1]
        if isinstance(after, SqlState):
            return f"the server says {after.message} ({after.code})"
        held = after.old if last.version == "old" else after.new
        if held != last.holds:
            return f"the {last.version} version reads {_said(held)}"
        return "" if after.in_step else f"one side is {_said(after.old)}, the other {_said(after.new)}"

    def _fail(self, message: str) -> None:
        self._failures.append(Failure(about="dual write", where=self._pair.use.name, message=message))


def _as_long(pools: Sequence[Values]) -> list[Values]:
    """All as long as the longest; a side without values of its own has none."""
    longest = max(map(len, pools), default=0)
    if any(not pool for pool in pools):
        return [() for _ in pools]
    return [tuple(pool[place % len(pool)] for place in range(longest)) for pool in pools]


def _said(values: Held) -> str:
    return ", ".join("null" if value is None else repr(value) for value in values)
