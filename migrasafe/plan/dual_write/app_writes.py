"""Both sides written by the app itself, not by triggers: one more deployment, and nothing in the database.

A version that writes both takes the place of the old one; then the rows from before are filled, the flag makes it read what
is new, and the version after it writes that only.
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import steps
from migrasafe.plan.app_code.model import Kept, Worked
from migrasafe.plan.carry_over.readers import Readers
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Table


class WrittenTwice(Struct, frozen=True, kw_only=True):
    """Old columns and those that take their place, as the app writes them both."""

    ground: Ground
    table: Table
    title: str
    was: str
    """The old columns, as a list in words."""
    now: str
    expand: tuple[Step, ...]
    assignments: tuple[str, ...]
    """What fills the rows from before."""
    to_fill: str
    """The condition of the rows that have to be."""
    gates: tuple[Gate, ...]
    """Whether both sides say the same."""
    ready: tuple[Step, ...]
    """What stands on the old columns, for the new ones."""
    let_go: tuple[Step, ...]
    """Rows may be without the old columns."""
    readers: Readers
    soft_drop: Step
    hard_drop: Step
    is_over: str
    back: str
    """The statement that copies the new columns back into the old ones."""
    why: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    worked: tuple[Worked, ...] = ()
    names_gone: tuple[ColumnRef, ...] = ()


def draft_by_app(it: WrittenTwice) -> Draft:
    """The phases: three deployments, with a flag in the one between."""
    was, now, table = it.was, it.now, it.table
    both = f"{was} and {now}"
    return Draft(
        title=it.title,
        tables=(table.ref,),
        phases=(
            Phase(
                name=PhaseName.EXPAND,
                title=f"Make room: {_columns(now)}, empty",
                old_app=f"reads and writes {was}; a prepared SELECT * or RETURNING * has to be prepared again",
                new_app="is not deployed yet",
                steps=steps.superseded(it.expand, it.is_over),
            ),
            Phase(
                name=PhaseName.DUAL_WRITE,
                title="The version that writes both columns takes over",
                old_app=f"reads and writes {was}, until its last instance has ended",
                new_app=f"writes {both}, and reads {was}",
                deploy=f"Deploy the version of the app that writes {both}, with its flag off, everywhere.",
            ),
            Phase(
                name=PhaseName.BACKFILL,
                title="The rows from before are filled, in batches",
                old_app="does not run any more",
                new_app=f"writes {both}, and reads {was}",
                gates=(old_version_gone(f"to write {was} alone", it.ground.old_application_name),),
                backfills=(Backfill(table=name_of(table.ref), assignments=it.assignments, where=it.to_fill),),
            ),
            Phase(
                name=PhaseName.VERIFY,
                title=_proved(it),
                old_app="does not run any more",
                new_app=f"writes {both}, and reads either",
                gates=it.gates,
                steps=steps.superseded(it.ready, it.is_over),
            ),
            Phase(
                name=PhaseName.SWITCH,
                title=f"The app reads {now}, then knows nothing else",
                old_app="does not run any more",
                new_app=f"writes both and reads {now}; the version after it knows {now} only",
                deploy=f"Turn the flag on everywhere: the app reads {now}, and goes on writing both."
                f" When nothing is amiss, run what follows, and deploy the version that knows {now} only.",
                steps=it.let_go,
            ),
            Phase(
                name=PhaseName.CONTRACT,
                title=f"{was} goes: out of sight first, for good when nobody has missed it",
                old_app="does not run any more",
                new_app=f"reads and writes {now}",
                gates=(_writers_of_both_gone(f"{table.ref}.{was}"),),
                steps=(*it.readers.steps, it.soft_drop, it.hard_drop),
            ),
        ),
        why=(
            "the app writes both columns, as you asked: no trigger in the database, but one more deployment, and every place in"
            " the app that writes has to do it",
            *it.why,
        ),
        assumed=it.assumed,
        by_hand=(
            f"every place that writes {was} has to write {now}, too: INSERT and UPDATE in SQL of your own, other"
            " programs, bulk loads, triggers and functions; the gate of the verify phase finds rows where one did not",
            f"from the version on that knows {now} only, {was} grows old: the way back from the switch copies"
            f" {now} back, in one go: `{it.back}`",
            *it.readers.by_hand,
            *it.by_hand,
        ),
        differs=it.differs,
        kept=it.kept,
        worked=it.worked,
        names_gone=it.names_gone,
    )


def _proved(it: WrittenTwice) -> str:
    many = "," in it.now
    how = "equal" if it.kept else f"to follow from {it.was}"
    return f"{it.now} {'are' if many else 'is'} proved {how} and {'get' if many else 'gets'} what stands on {it.was}"


def _columns(listed: str) -> str:
    return f"the columns {listed}" if "," in listed else f"the column {listed}"


def _writers_of_both_gone(what: str) -> Gate:
    gate = old_version_gone(what, None)
    return Gate(
        id="both-writers-gone",
        question="Has the last instance of the version that writes both columns ended?",
        query=None,
        otherwise=gate.otherwise.replace("the old version", "the version that writes both columns"),
    )


AGAIN = "Run the backfill, with --restart where it has run before; if rows come back, something writes one column only."
