"""Carries a plan out on a sandbox in every way that matters, and says what of its claims held."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from migrasafe.plan.evidence import Evidence, Failure
from migrasafe.plan.model import PhaseName, Plan
from migrasafe.plan.output.write_sql import sql_files
from migrasafe.postgres.connect import connect, run
from migrasafe.rehearse.both_sides import equivalence
from migrasafe.rehearse.both_sides.audit import Live, audit, failures_of
from migrasafe.rehearse.both_sides.equivalence import Checked
from migrasafe.rehearse.both_sides.meaning import Meaning, later_names
from migrasafe.rehearse.both_sides.there_and_back import Pair
from migrasafe.rehearse.one_shot import one_shot_of
from migrasafe.rehearse.phases import carry_out
from migrasafe.rehearse.phases.files import run_files
from migrasafe.rehearse.phases.opening import open_phase
from migrasafe.rehearse.phases.under_way import kill_and_resume, race
from migrasafe.rehearse.phases.walk import walk_plan
from migrasafe.rehearse.same.data import different, parts, sums_of
from migrasafe.rehearse.same.put_in import put_in
from migrasafe.rehearse.sandbox.server import Sandbox
from migrasafe.rehearse.stage import Lay, Stage, Wish, set_up

Tell = Callable[[str], None]
"""Told what is being done, in words."""


def prove(
    plan: Plan, lay: Lay, sandbox: Sandbox, wish: Wish, tell: Tell, files: Mapping[str, str] | None = None
) -> Evidence:
    """Rehearse a plan: alone, under the traffic of both versions, with every step killed. Raises ServerError.

    `files`: its SQL files as they are, name → text; None: as they would be written.
    """
    begun_at = time.monotonic()
    if plan.moved is not None:
        return _not_here(plan, sandbox, wish)
    tell(f"the schema before, with {wish.rows:,} made-up rows in every table")
    with set_up(plan, lay, sandbox, wish) as stage:
        with stage.copy() as dsn:
            tell("every phase: watched, its queries tried, taken back, run again")
            walked = walk_plan(plan, stage, dsn)
        with stage.copy() as dsn:
            tell("every SQL file run by psql, again, back, and again")
            ran = run_files(plan, sql_files(plan) if files is None else files, dsn, walked.after)
        tell("values carried from the old side to the new one and back, in any order")
        checked = _equivalence(plan, stage, wish.live)
        with stage.copy() as dsn:
            tell("every phase while the old and the new version are at work")
            raced = race(plan, stage, dsn)
        with stage.copy() as dsn:
            tell("every step killed on its way, and run again")
            kills, of_kills = kill_and_resume(plan, stage, dsn)
    return Evidence(
        server=sandbox.description,
        pg_version=sandbox.major,
        rows=wish.rows,
        seed=wish.seed,
        seconds=round(time.monotonic() - begun_at, 1),
        phases=walked.phases,
        race=raced.counts,
        audits=checked.audits,
        round_trips=checked.round_trips,
        kills=kills,
        psql=ran.psql,
        files=ran.files,
        notes=(
            *filter(None, [sandbox.warning]),
            *(f"the files for the {one} were not run: a rehearsal has one database" for one in plan.databases),
            *stage.notes,
            *walked.notes,
            *ran.notes,
            *checked.notes,
            *raced.notes,
        ),
        failures=tuple(dict.fromkeys((*walked.failures, *ran.failures, *checked.failures, *raced.failures, *of_kills))),
    )


def _checked(pair: Pair, dsn: str, plan: Plan, stage: Stage, *, decided: bool) -> Checked:
    """One pair, compared with what the one-shot migration makes of the same values."""
    with stage.copy() as before, connect(before) as session:
        new = [str(run(session, "SELECT parse_ident(%s)", name)[0][0][0]) for name in pair.new]
        later = later_names(pair, new, stage.end_uses, stage.end_data)
        meaning = Meaning(session, pair, later, one_shot_of(plan))
        return equivalence.check(pair, dsn, meaning.of, seed=stage.seed, decided=decided)


def _not_here(plan: Plan, sandbox: Sandbox, wish: Wish) -> Evidence:
    """A plan of two databases, of which a sandbox has one: that is said, and not taken for proved."""
    said = "it goes to and fro between two databases, and a rehearsal has one: try it on copies of both"
    failure = Failure(about="plan", where=plan.title, message=said)
    return Evidence(
        server=sandbox.description,
        pg_version=sandbox.major,
        rows=wish.rows,
        seed=wish.seed,
        seconds=0.0,
        phases=(),
        race={},
        round_trips=0,
        kills=0,
        failures=(failure,),
    )


def _equivalence(plan: Plan, stage: Stage, live: Live | None) -> Checked:
    """Between the triggers that write both sides and the switch."""
    found: list[Checked] = []
    with stage.copy() as dsn:
        before, parts_before = sums_of(dsn, stage.old.uses, stage.old.unsure), parts(dsn)
        for phase in plan.phases:
            if phase.name in (PhaseName.SWITCH, PhaseName.CONTRACT):
                break
            failures = list(open_phase(plan, phase, dsn))
            with connect(dsn) as session:
                refused = [one for step in phase.own_steps if (one := carry_out.do(session, step)) is not None]
            if failures or refused:
                return Checked()  # the walk has told it
        moved = {(schema, name) for schema, name, _ in parts_before ^ parts(dsn)}  # they have come with rows, or gone
        moved |= {ref for ref, _ in put_in(plan)}
        still = [use for use in stage.old.uses if use.ref not in moved]
        touched = tuple(
            Failure(about="rows", where=place, message="rows that nobody wrote hold another value before the switch")
            for place in different(before, sums_of(dsn, still, stage.old.unsure))
        )
        with connect(dsn) as session:
            pairs = tuple(equivalence.pairs(plan, stage.old.uses, session))
        left = [failure for pair in pairs for failure in equivalence.left_behind(pair, dsn)]
        decided = bool(plan.lets_go)
        found = [_checked(pair, dsn, plan, stage, decided=decided) for pair in pairs]
        audits = [audit(pair, dsn, live, seed=stage.seed) for pair in pairs] if live is not None else []
    audited = tuple(one for one in audits if one is not None)
    contradicted = tuple(failure for one in audited for failure in failures_of(one, decided=decided))
    return Checked(
        audits=audited,
        round_trips=sum(one.round_trips for one in found),
        notes=tuple(note for one in found for note in one.notes),
        failures=(*(failure for one in found for failure in one.failures), *touched, *left, *contradicted),
    )
