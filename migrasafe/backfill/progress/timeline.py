"""How a job went over its whole life, in slices of equal length: what the plots of the report show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from migrasafe.backfill.model import Gauge
from migrasafe.backfill.progress.history import Happening, SampleSeen

SHORTEST_SLICE_SECONDS = 10.0
MOST_SLICES = 240


class Slice(Struct, frozen=True, kw_only=True):
    """What happened between two moments, in seconds since 1970; None where nobody worked."""

    begin: float
    end: float
    rows_per_second: float | None = None
    duty: float | None = None
    lags: Mapping[str, float] = {}
    """The worst that was seen of each replica, in seconds."""
    batch_ms_median: float | None = None
    batch_ms_p90: float | None = None
    batch_ms_max: float | None = None
    held: Mapping[str, float] = {}
    """Signal → the share of the time for which it held batches back."""


class Span(Struct, frozen=True, kw_only=True):
    """A time in which a job stood still."""

    begin: float
    end: float
    kind: str
    """`throttled` or `paused`."""
    text: str


def slices(samples: Sequence[SampleSeen], *, most: int = MOST_SLICES) -> tuple[Slice, ...]:
    """The whole time from the first sample to the last, in at most so many slices. Several workers are added up."""
    if not samples:
        return ()
    first, last = min(sample.began for sample in samples), max(sample.ended for sample in samples)
    number = max(1, min(most, int((last - first) / SHORTEST_SLICE_SECONDS)))
    width = max((last - first) / number, 1e-3)
    found: list[list[tuple[SampleSeen, float]]] = [[] for _ in range(number)]
    for sample in samples:
        length = max(sample.ended - sample.began, 1e-3)
        start = min(int((sample.began - first) / width), number - 1)
        for index in range(start, min(int((sample.ended - first) / width) + 1, number)):
            inside = min(sample.ended, first + (index + 1) * width) - max(sample.began, first + index * width)
            if inside > 0:
                found[index].append((sample, inside / length))
    return tuple(
        _slice(first + index * width, first + (index + 1) * width, inside) for index, inside in enumerate(found)
    )


def spans(events: Iterable[Happening], until: float) -> tuple[Span, ...]:
    """When a job waited for the throttle, and when it was paused. What lasts still, lasts `until`."""
    found: list[Span] = []
    begun: tuple[str, float, str] | None = None
    for event in events:
        kind = {"throttle-on": "throttled", "paused": "paused", "stopped": "paused"}.get(event.kind)
        at = event.at.timestamp()
        is_end = event.kind in (
            "throttle-off",
            "resumed",
            "retried",
            "done",
            "failed",
            "cancelled",
            "verifying",
            "pass",
        )
        if begun is not None and (kind is not None or is_end):
            found.append(Span(begin=begun[1], end=at, kind=begun[0], text=begun[2]))
            begun = None
        if kind is not None:
            begun = (kind, at, event.text)
    if begun is not None:
        found.append(Span(begin=begun[1], end=max(until, begun[1]), kind=begun[0], text=begun[2]))
    return tuple(found)


def _slice(begin: float, end: float, parts: Sequence[tuple[SampleSeen, float]]) -> Slice:
    """`parts`: the samples that reach into it, and the share of each that lies inside."""
    worked = sum(sample.seconds * share for sample, share in parts)
    if worked <= 0:
        return Slice(begin=begin, end=end)
    held: defaultdict[str, float] = defaultdict(float)
    for sample, share in parts:
        for signal, seconds in sample.reasons.items():
            held[signal] += seconds * share
    batches = sum(sample.batches * share for sample, share in parts)

    def mean_ms(values: Iterable[tuple[float | None, float]]) -> float | None:
        return sum((value or 0) * weight for value, weight in values) / batches if batches > 0 else None

    worst = [sample.batch_ms_max for sample, _ in parts if sample.batch_ms_max is not None]
    duties = [(value, sample.seconds * share) for sample, share in parts for value in _values(sample.gauges, "duty")]
    weight = sum(each for _, each in duties)
    return Slice(
        begin=begin,
        end=end,
        rows_per_second=sum(sample.rows_walked * share for sample, share in parts) / (end - begin),
        duty=sum(value * each for value, each in duties) / weight if weight > 0 else None,
        lags=_worst_lags(sample for sample, _ in parts),
        batch_ms_median=mean_ms((sample.batch_ms_median, sample.batches * share) for sample, share in parts),
        batch_ms_p90=mean_ms((sample.batch_ms_p90, sample.batches * share) for sample, share in parts),
        batch_ms_max=max(worst) if worst else None,
        held={signal: min(seconds / worked, 1.0) for signal, seconds in held.items()},
    )


def _values(gauges: Iterable[Gauge], name: str) -> list[float]:
    return [gauge.value for gauge in gauges if gauge.name == name and gauge.value is not None]


def _worst_lags(samples: Iterable[SampleSeen]) -> dict[str, float]:
    lags: dict[str, float] = {}
    for sample in samples:
        for gauge in sample.worst:
            if gauge.name == "replica_lag_seconds" and gauge.value is not None:
                lags[gauge.subject] = max(lags.get(gauge.subject, 0.0), gauge.value)
    return lags
