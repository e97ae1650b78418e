"""Two commands in turns: their runs, the ratios within each turn, and the row of a table that says so."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from measured import Measured, measure

LONG = 3
"""As many turns of what takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Runs of a command, each beside a run of another one."""

    what: str
    ours: tuple[Measured, ...]
    beside: str
    theirs: tuple[Measured, ...] = ()
    """Empty where the other one is not on this machine."""

    def row(self, *, with_server: bool = False) -> str:
        theirs = _cells(self.theirs, with_server=with_server)
        pairs = list(zip(self.ours, self.theirs, strict=True)) if self.theirs else []
        cpu = _ratio(one.all_cpu_seconds / other.all_cpu_seconds for one, other in pairs)
        wall = _ratio(one.wall_seconds / other.wall_seconds for one, other in pairs)
        beside = self.beside if self.theirs else f"{self.beside}: not on this machine"
        cells = [self.what, *_cells(self.ours, with_server=with_server), beside, *theirs, cpu, wall]
        return f"| {' | '.join(cells)} |"


def head(*, with_server: bool = False) -> tuple[str, str]:
    """The head of a table of rows."""
    server = ["of it the server"] if with_server else []
    cells = ["what", "CPU", *server, "wall", "peak", "beside", "its CPU", *server, "its wall", "its peak"]
    cells += ["CPU ratio", "wall ratio"]
    lines = ["---" if cell in ("what", "beside") else "---:" for cell in cells]
    return f"| {' | '.join(cells)} |", f"|{'|'.join(lines)}|"


def _cells(runs: Sequence[Measured], *, with_server: bool) -> Iterator[str]:
    if not runs:
        yield from ("–",) * (4 if with_server else 3)
        return
    yield seconds(run.all_cpu_seconds for run in runs)
    if with_server:
        yield seconds(run.server_cpu_seconds for run in runs)
    yield seconds(run.wall_seconds for run in runs)
    peak = max(run.peak_mb for run in runs)
    yield f"{peak:.0f} MB" if peak else "–"


def seconds(found: Iterable[float]) -> str:
    """A median, with three digits where it is short."""
    median = statistics.median(found)
    return f"{median:.3f} s" if median < 0.1 else f"{median:.2f} s"


def _ratio(ratios: Iterable[float]) -> str:
    found = sorted(ratios)
    return f"{statistics.median(found):.2f} ({found[0]:.2f}–{found[-1]:.2f})" if found else "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Runs commands in turns, every second one the other way round."""

    rounds: int
    caches: Path
    """Where migrasafe keeps what it read, in place of the user's folder."""
    with_server: bool = False
    """The table says what a server used, too."""
    server_clock: Callable[[], float] | None = None
    """CPU seconds of a server that runs all the time."""

    def compare(
        self,
        what: str,
        ours: Sequence[str],
        peers: Mapping[str, Sequence[str] | None],
        *,
        within: Path | None = None,
        before_each: Callable[[], None] | None = None,
        environment: Mapping[str, str] | None = None,
        is_long: bool = False,
    ) -> list[Compared]:
        """A row for each peer, which is None where it is not on this machine. `within` is the working folder; `before_each` is
        not measured.

        The first run of each is thrown away, because it reads files that no run has read yet; not of what `is_long`, which runs
        in fewer turns.
        """
        commands = [ours, *(peer for peer in peers.values() if peer is not None)]
        turns: list[list[Measured]] = []
        for turn in range(min(self.rounds, LONG)) if is_long else range(-1, self.rounds):
            runs: list[Measured] = []
            for command in reversed(commands) if turn % 2 else commands:
                if before_each is not None:
                    before_each()
                runs.append(self._run(command, within, environment or {}))
            if turn >= 0:
                turns.append(runs[::-1] if turn % 2 else runs)
        ours_runs, *peers_runs = (tuple(runs) for runs in zip(*turns, strict=True))
        left = iter(peers_runs)
        rows = [
            Compared(what=what, ours=ours_runs, beside=beside, theirs=next(left) if peer is not None else ())
            for beside, peer in peers.items()
        ]
        for row in rows:
            print(row.row(with_server=self.with_server), flush=True)
        return rows

    def _run(self, command: Sequence[str], within: Path | None, environment: Mapping[str, str]) -> Measured:
        before = self.server_clock() if self.server_clock else 0.0
        run = measure(command, {**os.environ, "XDG_CACHE_HOME": str(self.caches), **environment}, within)
        return replace(run, server_cpu_seconds=self.server_clock() - before) if self.server_clock else run
