"""Phases that many plans have in common."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.sql.quote import quote_literal

DEPLOY = "Deploy the version of the app that "
EVERYWHERE = ", everywhere."
OTHER_KEY_MET = ("23505", "40P01")
"""What upserts of two sessions at once can meet of a unique index that their ON CONFLICT does not name."""


def expand(title: str, old_app: str, new_app: str, steps: tuple[Step, ...], *, gates: tuple[Gate, ...] = ()) -> Phase:
    """What both versions can live with, before the new one is deployed."""
    return Phase(name=PhaseName.EXPAND, title=title, old_app=old_app, new_app=new_app, steps=steps, gates=gates)


def deploy(new_app: str, old_app: str, *, between: bool = False) -> Phase:
    """The new version, or one in between, takes over; nothing is done to the database."""
    return Phase(
        name=PhaseName.SWITCH,
        title="A version that lives with both takes over" if between else "The new version takes over",
        old_app=f"{old_app}, until its last instance has ended",
        new_app=new_app,
        deploy=f"{DEPLOY}{new_app}{EVERYWHERE}",
        between=between,
    )


def both_ways(
    was: str, now: str, steps: tuple[Step, ...], touched: str, backfill: Backfill, same: Gate, *, old_reads: str = ""
) -> Iterator[Phase]:
    """From the first write that triggers carry between two tables to the deployment of the version that says `now`.

    `touched`: the title of the backfill. `old_reads`: what the old version may meet in the end.
    """
    yield Phase(
        name=PhaseName.DUAL_WRITE,
        title=f"Every write of {was} reaches {now}, and the other way round",
        old_app=f"reads and writes {was}",
        new_app=f"may write {now}, but not read it: rows from before are not there yet",
        steps=steps,
    )
    yield Phase(
        name=PhaseName.BACKFILL,
        title=touched,
        old_app=f"reads and writes {was}",
        new_app=f"may write {now}, but not read it yet",
        backfills=(backfill,),
    )
    yield replace(deploy(f"reads and writes {now}", f"reads and writes {was}{old_reads}"), gates=(same,))


def contract(
    title: str,
    new_app: str,
    steps: tuple[Step, ...],
    *,
    needed: str,
    old_application_name: str | None,
    gates: tuple[Gate, ...] = (),
    backfills: tuple[Backfill, ...] = (),
) -> Phase:
    """What may only happen once the old version, which needs `needed`, has ended everywhere."""
    return Phase(
        name=PhaseName.CONTRACT,
        title=title,
        old_app="does not run any more",
        new_app=new_app,
        gates=(old_version_gone(needed, old_application_name), *gates),
        steps=steps,
        backfills=backfills,
    )


def none_left(
    id: str, question: str, table: str, condition: str, otherwise: str, *, tolerated: float | None = None
) -> Gate:
    """A gate that counts rows, of which there must be none, or no larger part than `tolerated`."""
    if tolerated is None:
        query, expected = f"SELECT count(*) FROM {table} WHERE {condition}", "0"
    else:
        count, expected = f"count(*) FILTER (WHERE {condition})", "few enough"
        query = (
            f"SELECT CASE WHEN {count} <= {tolerated:.12g} * count(*) THEN {quote_literal(expected)}"
            f" ELSE {count} || ' of ' || count(*) || ' rows' END FROM {table}"
        )
    return Gate(id=id, question=question, query=query, expected=expected, otherwise=otherwise)
