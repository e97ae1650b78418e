"""A name that a view has for a while, where a table had it: no other change of the same plan may say it meanwhile.

What is made over the name then is bound to the view, which could not go any more; and most of what is said of a table is refused
of a view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from migrasafe.plan.changes.model import Draft, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref

_ROWS = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "SelectStmt", "MergeStmt"})
"""What works on a view as it does on the table."""
_BY_LIST = frozenset({"CommentStmt", "DropStmt", "SecLabelStmt"})
"""What says the name as a list of words."""


def refuse_said_meanwhile(drafts: Sequence[Draft]) -> None:
    """`drafts` in the order of their changes. Raises NoPlanError."""
    for place, one in enumerate(drafts):
        for ref in one.stand_ins:
            for other_place, other in enumerate(drafts):
                for phase in other.phases if other is not one else ():
                    if _is_meanwhile(phase, later=other_place > place) and _says(phase, ref):
                        raise NoPlanError(
                            f"“{one.title}” lets a view stand for {ref} until the old version is gone, and “{other.title}” is"
                            " about it meanwhile, too: plan them one after the other, from two migrations"
                        )


def _is_meanwhile(phase: Phase, *, later: bool) -> bool:
    """Whether its steps are carried out, or taken back, while the view is there."""
    if phase.name is PhaseName.EXPAND:
        return later
    return phase.name is not PhaseName.CONTRACT or not later


def _says(phase: Phase, ref: Ref) -> bool:
    return any(job.table == name_of(ref) for job in phase.jobs) or any(_names(step, ref) for step in phase.steps)


def _names(step: Step, ref: Ref) -> bool:
    return any(_is_said(text, ref) for text in (*step.statements, *step.undo, *step.clear))


def _is_said(text: str, ref: Ref) -> bool:
    from migrasafe.sql.libpg_query import parse

    for one in parse(text):
        ((kind, fields),) = one["stmt"].items()
        if kind in _ROWS:
            continue
        for node in _nodes(fields):
            if node.get("relname") == ref.name and node.get("schemaname") in (None, ref.schema):
                return True
            if kind in _BY_LIST and node.get("sval") == ref.name:
                return True
    return False


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every part of a statement, also those that have no type of their own."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
