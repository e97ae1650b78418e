"""What the throttle learns look by look, number by number: `pytest --update-pages` writes it, to be read as a diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from migrasafe.backfill.throttle.duty import (
    Duty,
    Load,
    Strain,
    commit_strain,
    hurried_down,
    is_alone,
    judged,
    rest_seconds,
    sessions_strain,
    with_beat,
    with_sessions,
)
from migrasafe.backfill.throttle.limits import Limits
from migrasafe.backfill.throttle.log_clock import LogClock, looked, seconds_behind
from migrasafe.backfill.throttle.replay import Replay, drain_seconds, first_look, observed, safe_rate, stands_still
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.throttle.state import (
    State,
    did_batch,
    did_cut,
    first_state,
    saw_beat,
    saw_primary,
    started_again,
    workers_lately,
)
from migrasafe.postgres.figures.load_signals import BlockedSeen, Lost, SessionsSeen
from tests.pages_in_words import holds, holds_all
from tests.unit.backfill.seen import MB, batch, primary

PAGE = Path(__file__).parent / "in_words" / "learning.txt"
GONE = Lost(why="permission denied")


# --- a replica --------------------------------------------------------------------------------------------------------


def replica_story(*looks: tuple[float, float, float], first: Replay | None = None, heard: bool = True) -> Iterator[str]:
    """Looks at one: when, how far it is and where the log ends, both in MB."""
    replay = first
    for at, done, end in looks:
        position, log_end = int(done * MB), int(end * MB)
        if replay is None:
            replay = first_look(at, position, log_end)
        else:
            replay = observed(replay, at, position, log_end, heard=heard)
        usual = "–" if replay.usual_pace is None else f"{replay.usual_pace / MB:.4f}"
        moved = "–" if replay.moved_at is None else f"{replay.moved_at:g}"
        yield (
            f"{at:g} s, {done:g} of {end:g} MB: rate {replay.rate / MB:.4f}, safe {safe_rate(replay) / MB:.4f}, "
            f"{len(replay.paces)} paces, usual {usual}, needs {drain_seconds(replay, log_end):.4f} s"
        )
        yield (
            f"    stretch {replay.stretch_seconds:.3f} s, {replay.stretch_bytes / MB:.3f} MB, rested {replay.looks_rested}, "
            f"busy {replay.looks_busy}; moved at {moved}, still {replay.looks_still}"
            + (", stands still" if stands_still(replay) else "")
        )


def steadily(seconds: float, per_second: float, ahead: float, step: float = 0.1) -> list[tuple[float, float, float]]:
    """Replays so many MB per second, with so many MB left at each look."""
    return [
        (round(n * step, 3), round(n * step * per_second, 4), round(n * step * per_second + ahead, 4))
        for n in range(int(seconds / step) + 1)
    ]


KNOWN = Replay(
    at=0.0, replay_lsn=0, log_end=0, rate=4.0 * MB, paces=(1.0 * MB, 2.0 * MB, 3.0 * MB, 4.0 * MB), usual_pace=2.5 * MB
)

# --- what others feel -------------------------------------------------------------------------------------------------


def duty_story(duty: Duty, *looks: tuple[float, float | None], alone: bool = False) -> Iterator[str]:
    """How much of the room between usual and limit is used up at each look; None: nothing is judged."""
    for at, used in looks:
        strains = [] if used is None else [Strain(signal="commit-time", value=used, usual=0.0, limit=1.0)]
        duty = judged(duty, strains, at, alone=alone)
        lowered = "–" if duty.lowered_at is None else f"{duty.lowered_at:g}"
        worst = "–" if duty.strain is None else f"{duty.strain.used:g}"
        yield f"{at:g} s, {used}: {duty.share:.4f} of the time, lowered at {lowered}, worst {worst}"


def several_strains() -> Iterator[str]:
    strains = [
        Strain(signal=name, value=value, usual=1.0, limit=3.0) for name, value in (("a", 1.5), ("b", 2.9), ("c", 0.5))
    ]
    yield from (f"{strain.signal}: {strain.used:g}" for strain in strains)
    duty = judged(Duty(share=0.5), strains, 1.0, alone=False)
    assert duty.strain is not None
    yield f"worst: {duty.strain.signal}, {duty.share:.4f} of the time"
    yield f"no room at all: {Strain(signal='d', value=1.0, usual=0.0, limit=0.0).used:g}"


def hurry() -> Iterator[str]:
    for share in (1.0, 0.2, 0.08):
        down = hurried_down(Duty(share=share, changed_at=1.0), 7.0)
        yield f"{share}: {down.share:g} of the time, lowered at {down.lowered_at}, changed at {down.changed_at}"
    yield from (f"{share} after 2 s: rest {rest_seconds(share, 2.0):g} s" for share in (0.25, 0.5, 1.0))


def beats_story() -> Iterator[str]:
    load = Load()
    for number in range(130):
        load = with_beat(load, number / 1000, resting=number < 110 or number % 5 == 0)
        strain = commit_strain(load)
        if strain is not None and number % 3 == 0:
            yield (
                f"after {number}: {len(load.usual_beats)} usual from {load.usual_beats[0]}, {len(load.beats)} judged; "
                f"takes {strain.value:.4f}, usually {strain.usual:.4f}, at most {strain.limit:.4f}"
            )
    for usual in (0.001, 0.006, 0.010):
        strain = commit_strain(Load(usual_beats=(usual,) * 5, beats=(0.01,) * 5))
        assert strain is not None
        yield f"usually {usual}: at most {strain.limit:.4f}"
    for few in (Load(usual_beats=(1.0,) * 4, beats=(1.0,) * 9), Load(usual_beats=(1.0,) * 9, beats=(1.0,) * 4)):
        yield f"{len(few.usual_beats)} usual, {len(few.beats)} judged: {commit_strain(few)}"


def sessions_story() -> Iterator[str]:
    load = Load()
    for number in range(640):
        load = with_sessions(load, number % 7, float(number), resting=number < 610)
        if number > 600 and number % 5 == 0:
            strain = sessions_strain(load)
            said = (
                "–"
                if strain is None
                else f"{strain.value:.3f} at work, usually {strain.usual:.3f}, at most {strain.limit:.3f}"
            )
            yield f"after {number}: {len(load.usual_sessions)} usual, {len(load.sessions)} judged; {said}"
    yield f"usually 5: at most {_limit(Load(usual_sessions=(5,) * 5, sessions=(1,) * 5)):g}"
    yield f"usually 3: at most {_limit(Load(usual_sessions=(3,) * 5, sessions=(1,) * 5)):g}"
    seen = with_sessions(Load(), 1, 10.0, resting=True)
    later = with_sessions(seen, 0, 12.0, resting=True)
    yield f"nobody ever: alone {is_alone(Load(), 0.0)}"
    yield from (f"{now:g} s: alone {is_alone(later, now)}" for now in (10.0, 15.0, 15.1))


def _limit(load: Load) -> float:
    strain = sessions_strain(load)
    assert strain is not None
    return strain.limit


# --- the clock of the log ---------------------------------------------------------------------------------------------


def clock_story() -> Iterator[str]:
    clock = LogClock()
    yield f"at first: ends at {clock.end}"
    for number in range(200):
        clock = looked(clock, number / 4, number * 100)
        if number % 20 == 19:
            behind = ", ".join(
                f"{lsn}: {seconds_behind(clock, lsn, number / 4 + 1):g}"
                for lsn in (0, 150, 1900, clock.end - 200, clock.end - 100)
            )
            gaps = [f"{at:g}" for at, _ in clock.looks[:14]]
            yield f"{number / 4:g} s: {len(clock.looks)} looks, {' '.join(gaps)} … to {clock.end}; behind {behind}"
    hour = LogClock()
    for number in range(3700):
        hour = looked(hour, float(number), number)
    yield f"after an hour and a bit: {len(hour.looks)} looks from {hour.looks[0]}"
    yield f"at the same place: {len(looked(hour, 3700.0, hour.end).looks)}; another log: {looked(hour, 3700.0, hour.end - 1).looks}"
    two = LogClock(looks=((1.0, 100), (2.0, 200)))
    for lsn in (0, 99, 100, 101, 200):
        yield f"two looks, {lsn}: {seconds_behind(two, lsn, 5.0):g} s behind"
    yield f"one look: {seconds_behind(LogClock(looks=((1.0, 100),)), 0, 5.0):g} s behind; before it: {seconds_behind(two, 0, 0.5):g}"


# --- a whole run ------------------------------------------------------------------------------------------------------


def run_story(settings: Mapping[str, str], *steps: Callable[[State, Limits], State]) -> Iterator[str]:
    limits = limits_from(settings)
    of = first_state(limits)
    for step in (lambda state, _: state, *steps):
        of = step(of, limits)
        load = of.load
        yield (
            f"{of.looks} looks, {of.size.rows} rows, {of.wal_per_row:g} bytes each, log to {of.log_end}; "
            f"beats {len(load.usual_beats)} + {len(load.beats)}, sessions {len(load.usual_sessions)} + {len(load.sessions)}; "
            f"{of.duty.share:.3f} of the time"
        )
        yield (
            f"    {workers_lately(of)} workers of {of.workers}; blocked {dict(of.blocked_since)}, panicked {of.panicked_at}; "
            f"batch from {of.batch_began_at}, beat {of.beat_at}"
        )


def look(at: float, lsn: int = 0, **seen: object) -> Callable[[State, Limits], State]:
    return lambda state, limits: saw_primary(state, limits, primary(at=at, lsn=lsn, **seen))


def work(at: float, rows: int = 1000, **done: object) -> Callable[[State, Limits], State]:
    return lambda state, limits: did_batch(state, limits, batch(at, rows, **done))


def began(at: float) -> Callable[[State, Limits], State]:
    return lambda state, _: replace(state, batch_began_at=at)


def beat(at: float) -> Callable[[State, Limits], State]:
    return lambda state, _: saw_beat(state, at, 0.25)


def writing(number: int, active: int = 0) -> SessionsSeen:
    return SessionsSeen(active=active, in_transaction=active, ours_writing=number)


def waits(pid: int, seconds: float | None) -> BlockedSeen:
    return BlockedSeen(pid=pid, waited_seconds=seconds)


STORIES: Mapping[str, Callable[[], Iterator[str]]] = {
    "a replica that is busy all the time": lambda: replica_story(*steadily(1.6, 2.0, 1.0)),
    "a replica with a little left at each look": lambda: replica_story(*steadily(1.2, 2.0, 0.2)),
    "a replica that has caught up at each look": lambda: replica_story(*steadily(1.2, 2.0, 0.0)),
    "a slow replica that is busy all the time": lambda: replica_story(*steadily(1.2, 0.1, 0.5)),
    "a known replica that rests": lambda: replica_story(*steadily(1.2, 1.0, 0.0)[1:], first=KNOWN),
    "a known replica that rests, with hardly anything to do": lambda: replica_story(*steadily(1.2, 0.05, 0.0)[1:], first=KNOWN),
    "a known replica that is safe as it is": lambda: replica_story(
        *steadily(1.2, 1.0, 0.0)[1:], first=replace(KNOWN, paces=(), usual_pace=5.0 * MB)),
    "a known replica that was slower as a rule": lambda: replica_story(
        *steadily(1.2, 1.0, 0.0)[1:], first=replace(KNOWN, paces=(), usual_pace=3.0 * MB)),
    "a known replica that is busy again, and slower": lambda: replica_story(*steadily(1.2, 0.5, 1.0)[1:], first=replace(
        KNOWN, log_end=2 * MB)),
    "a known replica with 25 paces": lambda: replica_story(*steadily(0.9, 3.0, 1.0)[1:], first=replace(
        KNOWN, log_end=2 * MB, paces=tuple(float(n * MB) for n in range(1, 26)))),
    "a replica that stands": lambda: replica_story((0, 1, 2), (0.1, 1, 2), (0.2, 1, 3), (0.3, 1.5, 3), (0.4, 1.5, 3), (0.5, 3, 3),
                                                   (0.6, 3, 3), (0.7, 3, 4), (0.8, 3, 4)),
    "a replica that stands, and of which nobody heard": lambda: replica_story((0, 1, 2), (0.1, 1, 2), (0.2, 1, 3), heard=False),
    "a replica that is looked at twice at once": lambda: replica_story((0, 1, 2), (0, 2, 3), (0.1, 2, 3)),
    "another server, and another log": lambda: replica_story((0, 1, 2), (0.1, 2, 3), (0.2, 1.9, 3), (0.3, 1.9, 2.9)),
    "a rate that has a floor": lambda: replica_story((0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 0.001, 1)),
    "the share of the time is raised while nobody feels it": lambda: duty_story(
        Duty(), (0, 0.1), (1, 0.39), (1.5, 0.4), (2, None), (5, 0.0), (5.2, 0.0), (4.2, 0.0)),
    "the share of the time is lowered at once, and raised after a pause": lambda: duty_story(
        Duty(share=0.8), (0, 0.69), (1, 0.7), (2, 0.8), (3, 0.99), (4, 1.0), (5, 1.0), (7, 0.0), (9.9, 0.0), (10, 0.0), (11, 0.0)),
    "the share of the time has a floor and a ceiling": lambda: duty_story(
        Duty(share=0.12), (0, 0.8), (2, 0.8), (4, 2.0), (6, 2.0)),
    "nobody else is there": lambda: duty_story(Duty(share=0.1, lowered_at=1.0), (2, 5.0), alone=True),
    "the worst of several strains counts": several_strains,
    "somebody waits for our locks": hurry,
    "small commits before and while batches run": beats_story,
    "sessions of others before and while batches run": sessions_story,
    "when the log stood where": clock_story,
    "a first batch, and others that write more and less": lambda: run_story(
        {}, work(1.0, wal_bytes=900_000, commit_lsn=77), work(2.0, wal_bytes=1_200_000), work(3.0, wal_bytes=200_000),
        work(4.0, rows=0), work(5.0, wal_bytes=10), lambda state, _: did_cut(state),
        lambda state, limits: started_again(state, limits), lambda state, limits: started_again(state, limits)),
    "what is seen while a batch runs, and while none does": lambda: run_story(
        {}, look(1.0, sessions=writing(0, 2)), beat(1.0), began(2.0), look(2.1, sessions=writing(1, 3)), beat(2.1), work(3.0),
        look(2.9, sessions=writing(2, 3)), beat(2.9), look(3.1, 500, sessions=writing(0, 1)), beat(3.1), look(3.2, sessions=GONE)),
    "workers are counted for two seconds": lambda: run_story(
        {}, look(1.0, sessions=writing(3)), look(2.0, sessions=writing(2)), look(3.0, sessions=writing(1)),
        look(4.0, sessions=writing(0)), look(6.5, sessions=writing(0))),
    "who waits for us, and for how long": lambda: run_story(
        {}, look(1.0, blocked=(waits(7, None), waits(8, 0.1))), look(1.1, blocked=(waits(7, None),)),
        look(1.2, blocked=(waits(7, None),)), look(1.21, blocked=(waits(7, None),)), look(2.0, blocked=(waits(9, 0.5),)),
        look(3.3, blocked=(waits(9, 1.8),)), look(3.4), look(3.5, blocked=GONE)),
    "who waits for us does not matter": lambda: run_story({"max_blocked_time": "off"}, look(1.0, blocked=(waits(7, 9.0),))),
}  # fmt: skip


@pytest.mark.parametrize("title", STORIES)
def test_each_story_goes_like_this(title: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("update_pages"):
        holds(PAGE, title, STORIES[title]())


def test_every_story_is_told(pytestconfig: pytest.Config) -> None:
    holds_all(PAGE, {title: story() for title, story in STORIES.items()}, update=pytestconfig.getoption("update_pages"))
