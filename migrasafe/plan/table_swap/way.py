"""The phases of a table that is made anew beside the old one."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import phases, predicates
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.plan.table_swap.follow import all_there, follows, is_followed, touch, unfollowed
from migrasafe.plan.table_swap.made import make
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.plan.table_swap.turn import checked_after, checked_again, drop_step, swap_step
from migrasafe.schema.definitions import name_of
from migrasafe.sql.quote import quote_literal

_GOES_ON = "goes on as before"


def way_beside(
    swap: TableSwap, *, first: tuple[Step, ...] = (), deployed: tuple[str, str] | None = None, needed: str = ""
) -> tuple[Phase, ...]:
    """Made, followed, filled, compared, swapped, and the old one dropped.

    `first`: steps before all; `deployed`: what the new version of the app says before the swap, and what the old one still
    says, which `needed` is gone for then; None: no version notices.
    """
    return tuple(_phases(swap, first, deployed, needed))


WHY = (
    "both versions say the same name, so one table follows the other by triggers, one way at a time: the new one until the"
    " swap, the old one from then on, so that the way back loses nothing",
    "rows from before are copied in batches; a trigger copies them and lets them be, so that no other trigger sees a write",
)


def by_hand(swap: TableSwap) -> Iterator[str]:
    table = swap.table.ref
    yield f"the disk needs room for {table} once more until the old one is dropped, and the WAL of the copy goes to every replica"
    yield (
        "a REPEATABLE READ transaction that began before the rows were copied, and reads the table only after the swap, does"
        " not see them: let pg_dump and long reports end before"
    )
    yield "the backfill tells of 0 changed rows: a trigger copies them instead, and the gate before the swap counts what is missing"
    yield "session_replication_role = replica goes past the triggers"
    if swap.table.row_security_forced:
        yield f"row security of {table} is forced on its owner: run the plan as a role with BYPASSRLS, or rows stay behind"


def _phases(swap: TableSwap, first: tuple[Step, ...], deployed: tuple[str, str] | None, needed: str) -> Iterator[Phase]:
    table, ready = swap.table.ref, swap.ready
    new = _GOES_ON if deployed is None else "is not deployed yet"
    yield phases.expand(f"{ready.name} is made beside {table}", _GOES_ON, new, (*first, make(swap)))
    yield Phase(
        name=PhaseName.DUAL_WRITE,
        title=f"Every write of {table} reaches {ready.name}",
        old_app=_GOES_ON,
        new_app=new,
        steps=(_follow(swap),),
    )
    yield Phase(
        name=PhaseName.BACKFILL,
        title="The rows from before are copied, in batches",
        old_app=_GOES_ON,
        new_app=new,
        backfills=(touch(swap),),
    )
    turns, drop = (_analyze(swap), swap_step(swap), *checked_after(swap)), drop_step(swap)
    title = "The two tables change places"
    if deployed is None:
        yield Phase(
            name=PhaseName.SWITCH,
            title=title,
            old_app=f"{_GOES_ON}, and writes the new table",
            new_app=f"{_GOES_ON}, and writes the new table",
            gates=(all_there(swap),),
            steps=turns,
        )
        yield Phase(
            name=PhaseName.CONTRACT,
            title="The old table goes",
            old_app=_GOES_ON,
            new_app=_GOES_ON,
            gates=(
                Gate(
                    id="for-good",
                    question="Has everything gone well for a while?",
                    query=None,
                    otherwise=f"Wait until you are sure: what follows loses {drop.loses}.",
                ),
            ),
            steps=(drop,),
        )
        return
    yield phases.deploy(*deployed)
    yield Phase(
        name=PhaseName.CONTRACT,
        title=f"{title}; the old one goes when nobody has missed it",
        old_app="does not run any more",
        new_app=deployed[0],
        gates=(old_version_gone(needed, swap.ground.old_application_name), all_there(swap)),
        steps=(*turns, drop),
    )


def _follow(swap: TableSwap) -> Step:
    table = swap.table.ref
    return Step(
        title=f"Let {swap.ready.name} follow {table}, whoever writes",
        statements=follows(swap, table, ahead=True),
        done=predicates.all_of(is_followed(swap, table), predicates.relation_exists(swap.ready)),
        past=swap.is_past,
        # What is written from here on would be missed: whoever begins again copies again.
        undo=(*unfollowed(swap, table, ahead=True), f"TRUNCATE {name_of(swap.ready)}"),
    )


def _analyze(swap: TableSwap) -> Step:
    """Without it every plan after the swap would be a guess; nothing is kept of a table without rows."""
    known = f"EXISTS (SELECT FROM pg_statistic WHERE starelid = {predicates.relation(swap.ready)})"
    if swap.was_partitioned:
        pages = (
            "SELECT coalesce(sum(pg_relation_size(relid)), 0) FROM"
            f" pg_partition_tree({quote_literal(name_of(swap.table.ref))})"
        )
    else:
        pages = f"SELECT pg_relation_size({predicates.relation(swap.table.ref)})"
    checked, unchecked = checked_again(swap, swap.is_past)
    return Step(
        title=f"Analyze {swap.ready.name}",
        statements=(f"ANALYZE {name_of(swap.ready)}",),
        done=f"({known} OR ({pages}) = 0)",
        past=swap.is_past,
        undo=checked,
        undoable=unchecked,
        long=True,
    )
