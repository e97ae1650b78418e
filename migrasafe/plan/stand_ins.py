"""Names that stand for something else until the old version is gone, or are not there yet: no other change of the same plan may say
them meanwhile.

What is made over such a view or domain is bound to it, which could not go any more; and most of what is said of a table is refused
of a view.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from migrasafe.plan.changes.model import Draft, NoPlanError
from migrasafe.plan.model import Backfill, Phase, PhaseName
from migrasafe.plan.written_name import written_name
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.expressions import parts_of

_Node = dict[str, Any]
_ROWS = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "SelectStmt", "MergeStmt"})
"""What works on a view as it does on the table."""
_BY_LIST = frozenset({"CommentStmt", "DropStmt", "SecLabelStmt"})
"""What says the name as a list of words."""


def refuse_said_meanwhile(drafts: Sequence[Draft]) -> None:
    """`drafts` in the order of their changes. Raises NoPlanError."""
    for place, one in enumerate(drafts):
        others = [(number > place, other) for number, other in enumerate(drafts) if other is not one]
        for later, other in others:
            for phase in other.phases:
                for why in _reasons(one, phase, later=later):
                    raise NoPlanError(
                        f"“{one.title}” {why}, and “{other.title}” is about it meanwhile, too: plan them one after the other, from"
                        " two migrations"
                    )


def _reasons(one: Draft, phase: Phase, *, later: bool) -> Iterator[str]:
    """`later`: the phase is of a change that comes after this one."""
    for ref in one.stand_ins if _is_meanwhile(phase, later=later) else ():
        if any(job.table == name_of(ref) for job in phase.jobs) or _is_said(phase, ref, _says_relation):
            yield f"lets a view stand for {ref} until the old version is gone"
    for ref in one.second_names:
        # A function that takes the type is found by the name of that, which is another one once the step has been run.
        says = _says_type if _is_meanwhile(phase, later=later) else _takes_type
        jobs = _is_meanwhile(phase, later=later) and any(_job_says(job, ref) for job in phase.jobs)
        if jobs or _is_said(phase, ref, says):
            yield f"lets a domain stand for {ref} until the old version is gone"
    for ref in one.late_names if phase.name is not PhaseName.CONTRACT else ():
        if any(_job_says(job, ref) for job in phase.jobs) or _is_said(phase, ref, _says_type_or_body):
            yield f"gives the name {ref} when the old version is gone"


def _is_meanwhile(phase: Phase, *, later: bool) -> bool:
    """Whether its steps are carried out, or taken back, while the stand-in is there."""
    if phase.name is PhaseName.EXPAND:
        return later
    return phase.name is not PhaseName.CONTRACT or not later


def _is_said(phase: Phase, ref: Ref, says: Callable[[str, _Node, Ref], bool]) -> bool:
    from migrasafe.sql.libpg_query import parse

    texts = (text for step in phase.steps for text in (*step.statements, *step.undo, *step.clear))
    trees = (one["stmt"] for text in texts for one in parse(text))
    return any(says(kind, fields, ref) for tree in trees for kind, fields in tree.items())


def _job_says(job: Backfill, ref: Ref) -> bool:
    from migrasafe.sql.libpg_query import parse

    text = f"SELECT {', '.join(one.partition('=')[2] for one in job.assignments)} WHERE {job.where}"
    return any(_says_type("", one["stmt"], ref) for one in parse(text))


def _says_relation(kind: str, fields: _Node, ref: Ref) -> bool:
    if kind in _ROWS:
        return False
    if kind == "ViewStmt":  # one under the name itself is there already
        fields = {key: value for key, value in fields.items() if key != "view"}
    return any(
        (node.get("relname") == ref.name and node.get("schemaname") in (None, ref.schema))
        or (kind in _BY_LIST and node.get("sval") == ref.name)
        for node in parts_of(fields)
    )


def _says_type(kind: str, fields: _Node, ref: Ref) -> bool:
    return any(_words(node.get("names"))[-2:] in ((ref.name,), tuple(ref)) for node in parts_of(fields))


def _takes_type(kind: str, fields: _Node, ref: Ref) -> bool:
    parts = {key: fields.get(key) for key in ("parameters", "returnType")}
    return kind == "CreateFunctionStmt" and _says_type(kind, parts, ref)


def _says_type_or_body(kind: str, fields: _Node, ref: Ref) -> bool:
    """Also in the body of a function, which is a text."""
    texts = [str(node["sval"]) for node in parts_of(fields) if "sval" in node] if kind == "CreateFunctionStmt" else []
    return _says_type(kind, fields, ref) or any(re.search(written_name(ref.name), text) for text in texts)


def _words(names: Any) -> tuple[str, ...]:
    return tuple(one["String"]["sval"] for one in names or () if "String" in one) if isinstance(names, list) else ()
