"""Plots as SVG that stretches to the width of the page: lines in steps, bands, marks. Labels are HTML, and keep their size.

Everything inside of an SVG is a number or a fixed class: names and words of people stand in the page around it.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence

from msgspec import Struct

WIDTH, HEIGHT = 1000, 100
"""Units of the SVG, not pixels: the page stretches it."""
_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600,
    2592000, 5184000, 15552000, 31536000,
)  # fmt: skip
MOST_TIME_LABELS = 6
NOTHING = 1e-9
"""A scale for less would show nothing."""

Steps = Sequence[tuple[float, float, float | None]]
"""From when to when, and the value then; None: there is none."""


class Line(Struct, frozen=True, kw_only=True):
    name: str
    css: str
    """A class of the page's style sheet."""
    steps: Steps
    filled: bool = False


class Limit(Struct, frozen=True, kw_only=True):
    """A value that should not be passed."""

    name: str
    value: float


class Plot(Struct, frozen=True, kw_only=True):
    """One picture, with the words around it."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    limit: Limit | None = None
    top: float | None = None
    """The end of the scale; None: as the values need it."""
    say: Callable[[float], str] = "{:,g}".format


class Mark(Struct, frozen=True, kw_only=True):
    """A moment (`end` None) or a time that all plots show."""

    css: str
    begin: float
    end: float | None = None


class Label(Struct, frozen=True, kw_only=True):
    """A text beside a plot, at so many percent of its height or width."""

    percent: float
    text: str


def top_of(plot: Plot) -> float:
    """Where the scale of a plot ends: a round number above all its values, and above its limit when that is near."""
    if plot.top is not None:
        return plot.top
    highest = max((value for line in plot.lines for _, _, value in line.steps if value is not None), default=0.0)
    if plot.limit is not None and plot.limit.value < 4 * highest:
        highest = max(highest, plot.limit.value)
    if plot.limit is not None and highest <= 0:
        highest = plot.limit.value
    return _round_up(highest) if highest > NOTHING else 1.0


def value_labels(plot: Plot) -> tuple[Label, ...]:
    """The scale of a plot: bottom, middle and top."""
    top = top_of(plot)
    return tuple(Label(percent=100 - 100 * share, text=plot.say(top * share)) for share in (0, 0.5, 1))


def time_labels(begin: float, end: float) -> tuple[Label, ...]:
    """Round moments between two, in the time zone of this machine."""
    wanted = (end - begin) / MOST_TIME_LABELS
    step = next((step for step in _TIME_STEPS if step >= wanted), _TIME_STEPS[-1])
    form = "%H:%M:%S" if step < 60 else "%H:%M" if end - begin < 86400 else "%m-%d %H:%M" if step < 86400 else "%m-%d"
    offset = (datetime.datetime.fromtimestamp(begin).astimezone().utcoffset() or datetime.timedelta()).total_seconds()
    first = math.ceil((begin + offset) / step) * step - offset
    labels = []
    for number in range(int((end - first) / step) + 1 if end >= first else 0):
        at = first + number * step
        text = f"{datetime.datetime.fromtimestamp(at).astimezone():{form}}"
        labels.append(Label(percent=100 * (at - begin) / max(end - begin, 1e-3), text=text))
    return tuple(labels)


def svg(plot: Plot, begin: float, end: float, marks: Sequence[Mark] = ()) -> str:
    """The picture of a plot from one moment to another."""
    top = top_of(plot)
    scale = WIDTH / max(end - begin, 1e-3)

    def x(at: float) -> float:
        return round(min(max((at - begin) * scale, 0), WIDTH), 2)

    def y(value: float) -> float:
        return round(HEIGHT - HEIGHT * min(value / top, 1.0), 2)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">',
        *(_span(mark, x) for mark in marks if mark.end is not None),
        f'<path class="grid" d="M0 {HEIGHT / 2}H{WIDTH}"/>',
    ]
    for line in plot.lines:
        if line.filled:
            parts.append(f'<path class="area {line.css}" d="{_area(line.steps, x, y)}"/>')
        parts.append(f'<path class="line {line.css}" d="{_path(line.steps, x, y)}"/>')
    if plot.limit is not None and plot.limit.value <= top:
        parts.append(f'<path class="limit" d="M0 {y(plot.limit.value)}H{WIDTH}"/>')
    parts += [f'<path class="mark {mark.css}" d="M{x(mark.begin)} 0V{HEIGHT}"/>' for mark in marks if mark.end is None]
    return "".join([*parts, "</svg>"])


def _span(mark: Mark, x: Callable[[float], float]) -> str:
    left, right = x(mark.begin), x(mark.end or mark.begin)
    return f'<rect class="{mark.css}" x="{left}" y="0" width="{round(max(right - left, 0.5), 2)}" height="{HEIGHT}"/>'


def _path(steps: Steps, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    drawn, is_down = [], False
    for begin, end, value in steps:
        if value is None:
            is_down = False
            continue
        drawn.append(f"{f'V{y(value)}' if is_down else f'M{x(begin)} {y(value)}'}H{x(end)}")
        is_down = True
    return "".join(drawn)


def _area(steps: Steps, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    bars = (f"M{x(begin)} {HEIGHT}V{y(value)}H{x(end)}V{HEIGHT}Z" for begin, end, value in steps if value is not None)
    return "".join(bars)


def _round_up(value: float) -> float:
    unit: float = 10.0 ** math.floor(math.log10(value))
    return next(unit * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * factor >= value * 0.999)
