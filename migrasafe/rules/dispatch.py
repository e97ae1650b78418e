"""Asks the rules about the steps of many migrations: each rule about all of its steps before the next rule has its turn.

In this order the processor finds the code of a rule still in its caches, which takes a seventh of the time off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from migrasafe.effects.model import Cause
from migrasafe.errors import TooDeepInputError, is_too_deep
from migrasafe.findings import Finding, FixKind, Severity
from migrasafe.migrations.model import Migration
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.later import check_of
from migrasafe.sql.statements import Action, AlterTable, Statement

_NONE: frozenset[Any] = frozenset()
_Check: TypeAlias = Callable[[Step], Iterable[Finding]]
_Kind: TypeAlias = tuple[type[Statement], frozenset[type[Action]], frozenset[Cause], bool, bool, bool, bool, bool, bool]
"""What rules ask for of a step: the class of its statement, those of its actions, the causes of its work; whether it does not
fail, takes no locks, comes after no locks that the transaction holds, stands in a script without new syntax, in a migration
that git was not asked about, and is not the first of that."""


class Dispatch:
    """The rules for each kind of step, looked up once for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._known: dict[_Kind, tuple[int, ...]] = {}
        self._checks: dict[int, _Check] = {}

    def findings(self, steps: Sequence[Step]) -> list[list[Finding]]:
        """What the rules find, for each step in their order. Raises InputError where something is nested too deeply."""
        found: list[list[Finding]] = []
        alike: dict[_Kind, list[tuple[Step, list[Finding]]]] = {}
        for step in steps:
            mine: list[Finding] = []
            found.append(mine)
            alike.setdefault(_kind(step), []).append((step, mine))
        concerned: dict[int, list[tuple[Step, list[Finding]]]] = {}
        for kind, group in alike.items():
            for rule in self._of(kind):
                concerned.setdefault(rule, []).extend(group)
        for rule in sorted(concerned):
            _ask(self._check(rule), concerned[rule])
        return found

    def _of(self, kind: _Kind) -> tuple[int, ...]:
        """The places of the rules that can have something to say about a step."""
        known = self._known.get(kind)
        if known is None:
            rules = enumerate(self._rules)
            known = self._known[kind] = tuple([place for place, rule in rules if _concerns(rule, kind)])
        return known

    def _check(self, rule: int) -> _Check:
        if rule not in self._checks:
            self._checks[rule] = check_of(self._rules[rule])
        return self._checks[rule]


def _ask(check: _Check, steps: Sequence[tuple[Step, list[Finding]]]) -> None:
    """Puts what a rule finds in each step behind what others have found there."""
    for step, found in steps:
        try:
            for finding in check(step):
                found.append(_with_fix(step, finding))
        except BaseException as error:
            if not is_too_deep(error):
                raise
            raise too_deep(step.migration) from error


def too_deep(migration: Migration) -> TooDeepInputError:
    """What to say in the place of an error of Python's stack."""
    return TooDeepInputError(
        f"{migration.path}: what it changes is nested too deeply to be followed, as a thousand views over views: "
        "give --schema a dump, and lint what comes after it"
    )


def _kind(step: Step) -> _Kind:
    statement, effects = step.statement, step.effects
    return (
        type(statement),
        frozenset(map(type, statement.actions)) if type(statement) is AlterTable else _NONE,
        frozenset([work.cause for work in effects.work]) if effects.work else _NONE,
        not effects.failures,
        not effects.locks,
        not step.situation.session.held,
        not step.script.newer,
        step.migration.since is None,
        step.number != 0 or not step.is_first,
    )


def _concerns(rule: Rule, kind: _Kind) -> bool:
    statement, actions, causes, succeeds, no_lock, holds_none, old_syntax, no_git, is_later = kind
    return (
        issubclass(statement, rule.on)
        and (not actions or not rule.actions or any(issubclass(action, rule.actions) for action in actions))
        and (not rule.needs_work or bool(rule.causes & causes if rule.causes else causes))
        and not (succeeds and rule.needs_failure)
        and not (no_lock and rule.needs_lock)
        and not (holds_none and rule.needs_held_lock)
        and not (old_syntax and rule.needs_new_syntax)
        and not (no_git and rule.needs_git)
        and not (is_later and rule.once)
    )


_ERROR = Severity.ERROR
"""By a name of its own: until Python 3.12 it takes ten times as long to find a member in its enum."""


def _with_fix(step: Step, finding: Finding) -> Finding:
    if finding.severity is not _ERROR or finding.fix.kind is not FixKind.NONE:
        return finding
    from migrasafe.rules.last_resort import with_fix  # few findings need it

    return with_fix(step, finding)
