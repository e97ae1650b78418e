"""Every phase once, alone: its gates asked, its steps watched, its queries tried, itself taken back and done again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.evidence import Failure, PhaseSeen, StepSeen
from migrasafe.plan.model import Phase, Plan, Step
from migrasafe.postgres.connect import connect
from migrasafe.rehearse.phases import carry_out
from migrasafe.rehearse.phases.opening import open_phase, run_jobs, runs
from migrasafe.rehearse.phases.trace_step import trace_step
from migrasafe.rehearse.same.catalog_lines import Lines, catalog_lines, differences
from migrasafe.rehearse.same.data import different, sums_of
from migrasafe.rehearse.same.put_in import numbered_by_itself
from migrasafe.rehearse.stage import Stage
from migrasafe.rehearse.traffic.replay import replay

MOST_TOLD = 4
"""Differences of two catalogs that one failure tells."""


class Walked(Struct, frozen=True, kw_only=True):
    phases: tuple[PhaseSeen, ...]
    """Up to one that cannot be carried out."""
    after: tuple[Lines, ...]
    """The catalog when each was over."""
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]


def walk_plan(plan: Plan, stage: Stage, dsn: str) -> Walked:
    """What was seen of each phase, and what did not hold."""
    seen: list[PhaseSeen] = []
    after: list[Lines] = []
    notes: list[str] = []
    failures: list[Failure] = []
    before: tuple[Step, ...] = ()
    for phase in plan.phases:
        walk = _Walk(plan, stage, dsn, phase, before)
        seen.append(walk.through())
        failures += walk.failures
        notes += walk.notes
        if walk.stuck:
            return Walked(phases=tuple(seen), after=tuple(after), notes=tuple(notes), failures=tuple(failures))
        before = (*before, *walk.ahead)
        after.append(catalog_lines(dsn))
    left = differences(stage.end, after[-1]) if stage.end is not None and after else ()
    if left and plan.ends_otherwise:
        notes.append(f"the schema is not that of the one-shot migration, as the plan says: {_told(left)}")
    elif left:
        said = f"the schema is not that of the one-shot migration: {_told(left)}"
        failures.append(Failure(about="end", where="end", message=said))
    numbered = numbered_by_itself(plan, stage.end_uses)
    still = [use for use in stage.end_uses if use.ref not in numbered]
    for place in different(stage.end_data, sums_of(dsn, still)):
        said = f"{place} holds other values than after the one-shot migration"
        failures.append(Failure(about="end", where="end", message=said))
    return Walked(phases=tuple(seen), after=tuple(after), notes=tuple(notes), failures=tuple(failures))


class _Walk:
    """One phase."""

    def __init__(self, plan: Plan, stage: Stage, dsn: str, phase: Phase, before: Sequence[Step]) -> None:
        self._plan, self._stage, self._dsn, self._phase = plan, stage, dsn, phase
        self._before = before
        self.ahead = tuple(step for step in phase.own_steps if not step.loses)
        self.failures: list[Failure] = list(open_phase(plan, phase, dsn))
        self.notes: list[str] = []
        self.stuck = bool(self.failures)

    def through(self) -> PhaseSeen:
        before = catalog_lines(self._dsn)
        steps = list(self._run(self.ahead))
        undone = bool(self.ahead) and not self.stuck and self._back_and_again(before)
        queries = {} if self.stuck else self._queries()
        steps += self._run(self._phase.own_for_good)
        if not self.stuck:
            self.failures += run_jobs(self._plan, self._phase, self._phase.afterwards, self._dsn)
        if self._phase.own_for_good and not self.stuck:
            queries = self._queries()
        return PhaseSeen(phase=self._phase.name.value, steps=tuple(steps), undone=undone, queries=queries)

    def _run(self, steps: Iterable[Step]) -> Iterator[StepSeen]:
        for step in steps:
            if self.stuck:
                return
            with connect(self._dsn) as session:
                if not carry_out.is_open(session, step):
                    self._fail("step", "it counts as done, or as pointless, before it was run", step)
                    continue
            seen, wrong = trace_step(self._dsn, step)
            for one in wrong:
                self._fail("step", one, step)
            with connect(self._dsn) as session:
                if not carry_out.is_done(session, step):
                    self._fail("step", "it was run, and does not count as done", step)
                    self.stuck = True
            yield seen

    def _back_and_again(self, before: Lines) -> bool:
        """Take the phase back, see that the schema is as before, and do it again."""
        after = catalog_lines(self._dsn)
        with connect(self._dsn) as session:
            for step in reversed(self.ahead):
                refused = carry_out.undo(session, step)
                if refused is not None:
                    self._fail("undo", f"the server refused it: {refused.message} ({refused.code})", step)
                    return False
                if carry_out.is_undoable(session, step):
                    self._fail("undo", "it was taken back, and still counts as something to take back", step)
            for step in self._before:
                if carry_out.is_open(session, step):
                    took = f"{self._phase.name.value}, taken back, takes {step.id} with it, which has to be run again"
                    self.notes.append(took)
                    carry_out.do(session, step)
        left = differences(before, catalog_lines(self._dsn))
        stays = [step.stays for step in self.ahead if step.stays]
        if left and stays:
            self.notes.append(f"{self._phase.name.value}, taken back, leaves {'; '.join(stays)}: {_told(left)}")
        elif left:
            self._fail("undo", f"the schema is not as it was before the phase: {_told(left)}")
        with connect(self._dsn) as session:
            for step in self.ahead:
                refused = carry_out.do(session, step)
                if refused is not None:
                    self._fail("undo", f"it cannot be run again after it was taken back: {refused.message}", step)
                    self.stuck = True
                    return False
        again = differences(after, catalog_lines(self._dsn))
        if again:
            self._fail("undo", f"run again, it leaves another schema: {_told(again)}")
        return (not left or bool(stays)) and not again

    def _queries(self) -> dict[str, int]:
        """How many of each version's queries the server takes now; one that it must take and does not is a failure."""
        taken = {}
        for version, repertoire in (("old", self._stage.old), ("new", self._stage.new)):
            if not runs(self._plan, self._phase.name, version):
                continue
            count, refused = replay(self._dsn, repertoire, rows=self._stage.rows)
            taken[version] = count
            for one in refused:
                self._fail("query", f"the {version} version meets `{one.sql}`: {one}")
        return taken

    def _fail(self, about: str, message: str, step: Step | None = None) -> None:
        where = step.id if step is not None else self._phase.name.value
        self.failures.append(Failure(about=about, where=where, message=message))


def _told(left: Sequence[str]) -> str:
    more = f" … and {len(left) - MOST_TOLD} more" if len(left) > MOST_TOLD else ""
    return "; ".join(left[:MOST_TOLD]) + more
