"""The phases as numbered SQL files that psql runs as they are, as often as anybody likes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from string import ascii_lowercase

from migrasafe.plan import predicates
from migrasafe.plan.model import DIALLED, Phase, PhaseName, Plan, Step
from migrasafe.plan.templates import filled, sql_template
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import comment, quote_literal

ATTEMPTS = 30
LOCK_TIMEOUT = "200ms"
LONGEST_PAUSE_SECONDS = 30
_ELSEWHERE = "_on_"
"""In the name of a file, before the name of the database that runs it, where that is not the plan's own."""
NUMBERS = {name: number * 10 for number, name in enumerate(PhaseName, start=1)}


def sql_files(plan: Plan) -> dict[str, str]:
    """File name → text: one file for each phase that runs SQL, one for its way back, one for what cannot be undone; several,
    with letters in the order in which they are run, for a phase that goes to and fro between databases."""
    files: dict[str, str] = {}
    for phase in plan.phases:
        ahead = [step for step in phase.steps if not step.loses]
        number, name = NUMBERS[phase.name], phase.name.value
        for place, steps in _turns(ahead):
            files[f"{number}_{name}{place}.sql"] = _file(plan, phase, steps, phase.title)
        back = [step for step in reversed(ahead) if step.undo]
        for place, steps in _turns(sorted(back, key=lambda step: step.undone_late)):
            files[f"undo_{number}_{name}{place}.sql"] = _undo_file(plan, phase, steps)
        for place, steps in _turns(phase.for_good):
            files[f"{number + 1}_{name}_for_good{place}.sql"] = _file(plan, phase, steps, "What cannot be undone")
    return files


def _turns(steps: Sequence[Step]) -> Iterator[tuple[str, list[Step]]]:
    """The steps that are run one after the other in one database, with what the name of their file ends in."""
    turns = [list(group) for _, group in groupby(steps, lambda step: step.database)]
    for letter, turn in zip(ascii_lowercase, turns, strict=False):
        elsewhere = turn[0].database.replace(" ", "_")
        yield (f"_{letter}" if len(turns) > 1 else "") + (f"{_ELSEWHERE}{elsewhere}" if elsewhere else ""), turn


def database_of(name: str) -> str:
    """The database, as the plan calls it, that a file is run in; empty: the plan's own."""
    return name.partition(_ELSEWHERE)[2].removesuffix(".sql").replace("_", " ")


def file_of(phase: Phase, step: Step) -> str:
    """The file that runs a step of a phase."""
    ahead = [one for one in phase.steps if not one.loses]
    for number, steps, which in (
        (NUMBERS[phase.name], ahead, ""),
        (NUMBERS[phase.name] + 1, phase.for_good, "_for_good"),
    ):
        for place, turn in _turns(steps):
            if step in turn:
                return f"{number}_{phase.name.value}{which}{place}.sql"
    raise KeyError(step.id)


def files_of(phase: Phase, names: Iterable[str], *, elsewhere: bool = False) -> tuple[list[str], list[str], list[str]]:
    """The SQL files of a phase, in the order in which they are run: ahead, back, and for good. `elsewhere`: also those that
    other databases run."""
    number = NUMBERS[phase.name]
    listed = sorted(name for name in names if name.endswith(".sql") and (elsewhere or not database_of(name)))
    return (
        [name for name in listed if name.startswith(f"{number}_")],
        [name for name in listed if name.startswith(f"undo_{number}_")],
        [name for name in listed if name.startswith(f"{number + 1}_")],
    )


def _file(plan: Plan, phase: Phase, steps: Sequence[Step], title: str) -> str:
    blocks = [_head(f"{plan.title} – phase {phase.name.value}: {title}", steps)]
    blocks.extend(f"{comment_on(step)}\n{_forward(step)}" for step in steps)
    return "\n\n".join(blocks) + "\n"


def _undo_file(plan: Plan, phase: Phase, steps: Sequence[Step]) -> str:
    blocks = [_head(f"{plan.title} – back from phase {phase.name.value}", steps)]
    blocks.extend(f"{_comment_back(step)}\n{_backward(step)}" for step in steps)
    return "\n\n".join(blocks) + "\n"


def _head(title: str, steps: Sequence[Step]) -> str:
    place, dials = steps[0].database, dict.fromkeys(step.dials for step in steps if step.dials)
    lines = [
        *map(comment, textwrap.wrap(title, 115)),
        *([comment(f"This file is run in the {place}, not in the database that the plan is about.")] if place else []),
        "-- Run with psql, not in a transaction (-1). Steps that are done already are stepped over.",
        sql_template("head.sql").strip(),
        *(filled("dialled.sql", variable=one, setting=quote_literal(DIALLED)).strip() for one in dials),
    ]
    return "\n".join(lines)


def comment_on(step: Step) -> str:
    """What it does, with which locks, as lines of SQL comments."""
    told = [f"{lock.mode} on {lock.table}" for lock in step.locks]
    how_long = "while it works" if step.work else "for an instant"
    lines = [f"{step.id}: {step.title}"]
    if told:
        lines.append(f"  takes {', '.join(told)}, {how_long}")
    lines.extend(f"  works: {work}" for work in step.work)
    if step.loses:
        lines.append(f"  loses {step.loses}")
    return "\n".join(map(comment, lines))


def skip_ahead(step: Step) -> str:
    """The condition under which a step is not run (any more)."""
    return step.done if step.past is None else f"({step.done}) OR ({step.past})"


def skip_back(step: Step) -> str:
    """The condition under which there is nothing to undo."""
    return f"NOT ({step.undoable or step.done})"


def _comment_back(step: Step) -> str:
    lines = [f"undo {step.id}: {step.title}"] + ([f"  stays: {step.stays}"] if step.stays else [])
    return "\n".join(map(comment, lines))


def _forward(step: Step) -> str:
    skip = skip_ahead(step)
    if step.long:
        return _long(step.id, skip, step.statements, step.leftover or "false", step.clear)
    return _quick(step, skip, step.statements)


def _backward(step: Step) -> str:
    skip = skip_back(step)
    return _long(step.id, skip, step.undo, "false", ()) if step.long else _quick(step, skip, step.undo)


def _quick(step: Step, skip: str, statements: tuple[str, ...]) -> str:
    return with_retries(step, skip, statements, f"pg_temp.in_the_way({relations_of(step)})") + ";"


def relations_of(step: Step) -> str:
    """The tables that a step locks, as a list of expressions."""
    relations = [predicates.relation(Ref.of(lock.table)) for lock in step.locks]
    return ", ".join(relations) or "NULL"


def with_retries(step: Step, skip: str, statements: tuple[str, ...], in_the_way: str) -> str:
    """One DO, to be run outside a transaction: nothing where `skip` holds, else the statements, as soon as their locks are
    to be had. `in_the_way` is an expression that says who has them."""
    return filled(
        "quick_step.sql",
        id=step.id,
        skip=skip,
        attempts=ATTEMPTS,
        lock_timeout=LOCK_TIMEOUT,
        longest_pause=LONGEST_PAUSE_SECONDS,
        in_the_way=in_the_way,
        statements="\n".join(_indented(_terminated((one,))) for one in statements),
    ).strip()


def _long(id: str, skip: str, statements: tuple[str, ...], leftover: str, clear: tuple[str, ...]) -> str:
    text = filled(
        "long_step.sql",
        id=id,
        skip=skip,
        leftover=leftover,
        statements=_terminated(statements),
        clear=_terminated(clear),
    )
    if not clear:
        text = text.replace("\\if :leftover\n\n\\endif\n", "")
    return text.strip()


def _indented(statement: str) -> str:
    """A statement as it stands in a block: with something quoted only its first line moves, for the rest may be text."""
    if any(quote in statement for quote in "'\"$"):
        return f"      {statement}"
    return textwrap.indent(statement, "      ")


def _terminated(statements: Iterable[str]) -> str:
    return "\n".join(f"{statement};" for statement in statements)
