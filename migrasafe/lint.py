"""Migrations in, findings out: walks each script with the schema, the session and the transaction it would run in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct, field

from migrasafe.effects.model import Cause
from migrasafe.errors import TooDeepInputError, is_too_deep
from migrasafe.findings import Finding, FixKind, Severity
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.later import check_of
from migrasafe.schema.evolve import after_session
from migrasafe.schema.model import Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Action, AlterTable, Statement
from migrasafe.target import Target
from migrasafe.walk import Walk


class LintedMigration(Struct, frozen=True, kw_only=True):
    """One migration that was reported on."""

    path: str
    id: str
    transaction: bool
    """Whether its tool runs it in a transaction."""
    statements: int
    findings: tuple[Finding, ...]
    scripts: tuple[Script, ...]
    hint: str | None = None
    """`before` or `after` where the layout itself says when to deploy."""
    notices: tuple[Notice, ...] = ()


class LintResult(Struct, frozen=True, kw_only=True):
    target: Target
    migrations: tuple[LintedMigration, ...]
    notices: tuple[Notice, ...] = ()
    own_pages: Mapping[str, str] = {}
    """The files with the pages of rules that are not ours, by id."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for migration in self.migrations for finding in migration.findings)

    @property
    def statements(self) -> int:
        return sum(migration.statements for migration in self.migrations)


class LintOptions(Struct, frozen=True, kw_only=True):
    target: Target = field(default_factory=Target)
    schema: Schema = field(default_factory=Schema)
    """The catalog before the first migration."""
    schema_from: str | None = None
    """Where it was read from: what `migrasafe plan --schema` takes. None: the history says all there is."""
    in_transaction: bool | None = None
    """None: as the migration tool would run it."""
    independent: bool = False
    """Each migration stands alone: none is another's history."""
    reported: Callable[[Migration], bool] = lambda _: True
    """Which migrations to report on; the others are history."""


def lint(histories: Sequence[History], rules: Sequence[Rule], options: LintOptions) -> LintResult:
    """Every finding of `rules` in the reported migrations, in the order in which the migrations run. Pure."""
    by_statement = _Dispatch(rules)
    linted: list[LintedMigration] = []
    for history in histories:
        schema = options.schema
        for place, migration in enumerate(history.migrations):
            before = options.schema if options.independent else schema
            walk = Walk(
                migration,
                place,
                after_session(before, options.schema.search_path),
                target=options.target,
                in_transaction=options.in_transaction,
                layout=history.layout,
                planned_on=_planned_on(history, migration, options),
            )
            try:
                if options.reported(migration):
                    linted.append(_report(walk, by_statement))
                else:
                    walk.run()
            except BaseException as error:
                if not is_too_deep(error):
                    raise
                raise TooDeepInputError(
                    f"{migration.path}: what it changes is nested too deeply to be followed, as a thousand views over views: "
                    "give --schema a dump, and lint what comes after it"
                ) from error
            schema = walk.schema
    reported = {migration.path for migration in linted}
    silent = {migration.path for history in histories for migration in history.migrations} - reported
    notices = tuple(
        notice for history in histories for notice in history.notices if notice.blocking or notice.path not in silent
    )
    return LintResult(target=options.target, migrations=tuple(linted), notices=notices)


def _planned_on(history: History, migration: Migration, options: LintOptions) -> tuple[str, ...]:
    """`--schema db/migrations --before db/migrations/7.sql`."""
    if options.schema_from is not None:
        return "--schema", options.schema_from
    if migration.path.startswith("<"):  # standard input
        return ()
    return "--schema", history.root or ".", "--before", migration.path


def _report(walk: Walk, rules: _Dispatch) -> LintedMigration:
    steps: list[Step] = []
    walk.run(steps.append)
    findings = [_with_fix(step, finding) for step in steps for check in rules.of(step) for finding in check(step)]
    migration = walk.migration
    if len(findings) > 1:
        findings.sort(key=_place)
        if len({(finding.rule, finding.place.line, finding.place.column) for finding in findings}) < len(findings):
            findings = list(dict.fromkeys(findings))
    return LintedMigration(
        path=migration.path,
        id=migration.id,
        transaction=any(walk.mode(part) is not _NO_TRANSACTION for part in migration.parts),
        statements=sum([len(part.script.statements) for part in migration.parts]),
        findings=tuple(findings),
        scripts=tuple([part.script for part in migration.parts]),
        hint=migration.hint,
        notices=migration.notices,
    )


# Members of enums that are asked for at every statement, by names of their own: until Python 3.12 it takes ten times as long to
# find one in its class.
_ERROR = Severity.ERROR
_NO_TRANSACTION = TransactionMode.NONE


def _place(finding: Finding) -> tuple[str, int, int]:
    place = finding.place
    return place.path, place.line, place.column


def _with_fix(step: Step, finding: Finding) -> Finding:
    if finding.severity is not _ERROR or finding.fix.kind is not FixKind.NONE:
        return finding
    from migrasafe.rules.last_resort import with_fix  # few findings need it

    return with_fix(step, finding)


_NONE: frozenset[Any] = frozenset()
_Check: TypeAlias = Callable[[Step], Iterable[Finding]]
_Kind: TypeAlias = tuple[type[Statement], frozenset[type[Action]], frozenset[Cause], bool, bool, bool, bool, bool, bool]
"""What rules ask for of a step: the class of its statement, those of its actions, the causes of its work; whether it fails,
takes locks, comes after locks that the transaction holds, stands in a script with new syntax, in a migration that git was
asked about, and is the first of that."""


def _kind(step: Step) -> _Kind:
    statement, effects = step.statement, step.effects
    return (
        type(statement),
        frozenset(map(type, statement.actions)) if type(statement) is AlterTable else _NONE,
        frozenset([work.cause for work in effects.work]) if effects.work else _NONE,
        bool(effects.failures),
        bool(effects.locks),
        bool(step.session.held),
        bool(step.script.newer),
        step.migration.since is not None,
        step.is_first,
    )


class _Dispatch:
    """The rules for each kind of step, looked up once for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._known: dict[_Kind, tuple[_Check, ...]] = {}

    def of(self, step: Step) -> tuple[_Check, ...]:
        """The checks of the rules that can have something to say about a step."""
        kind = _kind(step)
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = tuple(check_of(rule) for rule in self._rules if _concerns(rule, kind))
        return known


def _concerns(rule: Rule, kind: _Kind) -> bool:
    statement, actions, causes, fails, locks, holds_locks, new_syntax, git, is_first = kind
    return (
        issubclass(statement, rule.on)
        and (not actions or not rule.actions or any(issubclass(action, rule.actions) for action in actions))
        and (not rule.needs_work or bool(rule.causes & causes if rule.causes else causes))
        and (fails or not rule.needs_failure)
        and (locks or not rule.needs_lock)
        and (holds_locks or not rule.needs_held_lock)
        and (new_syntax or not rule.needs_new_syntax)
        and (git or not rule.needs_git)
        and (is_first or not rule.once)
    )
