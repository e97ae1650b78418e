"""Both ends of a foreign key are locked one after the other: the app meets the migration halfway, in either order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from migrasafe.effects.session import Held
from migrasafe.findings import Finding, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import Unrecognized


class Pair(Struct, frozen=True, kw_only=True):
    """Two tables with a foreign key between them: one is locked, the other is about to be."""

    first: Ref
    held: Held
    second: Ref
    referenced_first: bool


def check(step: Step) -> Iterator[Finding]:
    """Said once in a transaction."""
    if isinstance(step.statement, Unrecognized):
        return
    pair = related_tables(step)
    if pair is None:
        return
    line = step.script.line_at(pair.held.span.start)
    first, second = shown(pair.first), shown(pair.second)
    if pair.referenced_first:
        app = f"an INSERT into {second} has {second}, and looks up its row in {first}"
        assumed: tuple[str, ...] = ()
    else:
        app = f"a transaction that changes {second} and then {first} has {second}, and waits for {first}"
        assumed = (f"the app changes {second} before {first} in one transaction, as ON DELETE CASCADE does",)
    yield step.finding(
        RULE.id,
        f"This may deadlock with the app: {app}, which line {line} locked; this waits for {second}.",
        severity=Severity.WARNING,
        help="Neither order is safe between tables with a foreign key: change one table in each transaction.",
        objects=(pair.first, pair.second),
        lock=step.effects.lock_on(pair.second),
        assumed=assumed,
    )


def related_tables(step: Step) -> Pair | None:
    """The first pair of this transaction, if this statement makes it one.

    A foreign key that the same transaction adds does not count: nothing of the app knows it yet.
    """
    wanted = [
        lock.relation
        for lock in step.effects.locks
        if lock.mode.blocks_writes and lock.relation not in step.session.held and step.exists_already(lock.relation)
    ]
    pair = next((pair for second in wanted for pair in _pairs_with(step, second)), None)
    # What was said before is looked for last: it takes a look at all that the transaction holds.
    return None if pair is None or _any_pair(step, dict(step.held_against_others())) else pair


def _pairs_with(step: Step, second: Ref) -> Iterator[Pair]:
    """The tables that are locked already and refer to `second` or are referred to by it, in the order of their locks."""
    table = step.schema.table(second)
    near = set(step.schema.dependents_of(second))
    near.update(one.target for one in (table.constraints if table is not None else ()) if one.target is not None)
    if near.isdisjoint(step.session.held):
        return
    for first, one in step.held_against_others():
        if first not in near:
            continue
        if _references(step, first, second):
            yield Pair(first=first, held=one, second=second, referenced_first=False)
        elif _references(step, second, first) and one.mode.conflicts_with(LockMode.ROW_SHARE):
            yield Pair(first=first, held=one, second=second, referenced_first=True)


def _any_pair(step: Step, held: Mapping[Ref, Held]) -> bool:
    return any(
        constraint.target in held and held[constraint.target].statement is not one.statement
        for ref, one in held.items()
        if (table := step.schema.table(ref)) is not None
        for constraint in table.constraints
        if constraint.target is not None and constraint.target != ref
    )


def _references(step: Step, child: Ref, parent: Ref) -> bool:
    table = step.schema.table(child)
    return table is not None and any(
        constraint.target == parent and constraint.born[:2] != step.moment[:2] for constraint in table.constraints
    )


RULE = Rule(id="deadlock-over-foreign-key", check=check, needs_lock=True, needs_held_lock=True)
