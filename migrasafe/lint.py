"""Migrations in, findings out: walks each script with the schema, the session and the transaction it would run in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from msgspec import Struct, field, structs

from migrasafe.effects.model import NOTHING, Cause, Effects
from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.findings import Finding
from migrasafe.migrations.model import History, Migration, Notice, Part, TransactionMode
from migrasafe.rules.context import Ending, Rule, Step
from migrasafe.schema.evolve import evolve, with_search_path
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import AlterTable, DoBlock, Guarded, SetVariable, Statement, Transaction
from migrasafe.target import Target


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
            walk = _Walk(migration, place, with_search_path(before, options.schema.search_path), options)
            if options.reported(migration):
                linted.append(_report(walk, by_statement))
            else:
                for _ in walk.steps(judge=False):
                    pass
            schema = walk.schema
    notices = tuple(notice for history in histories for notice in history.notices)
    return LintResult(target=options.target, migrations=tuple(linted), notices=notices)


def _report(walk: _Walk, rules: _Dispatch) -> LintedMigration:
    findings: list[Finding] = []
    for step in walk.steps(judge=True):
        for rule in rules.of(step.statement, step.effects):
            findings.extend(rule.check(step))
    migration = walk.migration
    findings.sort(key=lambda finding: (finding.place.path, finding.place.line, finding.place.column))
    return LintedMigration(
        path=migration.path,
        id=migration.id,
        transaction=any(walk.mode(part) is not TransactionMode.NONE for part in migration.parts),
        statements=sum(len(part.script.statements) for part in migration.parts),
        findings=tuple(dict.fromkeys(findings)),
        scripts=tuple(part.script for part in migration.parts),
        hint=migration.hint,
        notices=migration.notices,
    )


_NONE: frozenset[Any] = frozenset()
_Kind: TypeAlias = tuple[type[Statement], frozenset[type], frozenset[Cause], bool]
"""The class of a statement, those of its actions, the causes of its work, and whether it fails."""


class _Dispatch:
    """The rules for each class of statement and kind of effects, looked up once for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._known: dict[_Kind, tuple[Rule, ...]] = {}

    def of(self, statement: Statement, effects: Effects) -> tuple[Rule, ...]:
        """The rules that can have something to say about a statement with such effects."""
        actions = frozenset(map(type, statement.actions)) if isinstance(statement, AlterTable) else _NONE
        causes = frozenset([work.cause for work in effects.work]) if effects.work else _NONE
        kind: _Kind = type(statement), actions, causes, bool(effects.failures)
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = tuple(rule for rule in self._rules if _concerns(rule, kind))
        return known


def _concerns(rule: Rule, kind: _Kind) -> bool:
    statement, actions, causes, fails = kind
    return (
        issubclass(statement, rule.on)
        and (not actions or not rule.actions or any(issubclass(action, rule.actions) for action in actions))
        and (not rule.needs_work or bool(rule.causes & causes if rule.causes else causes))
        and (fails or not rule.needs_failure)
    )


class _Walk:
    """One migration, statement by statement: the schema, session and transaction after each."""

    def __init__(self, migration: Migration, place: int, schema: Schema, options: LintOptions) -> None:
        self.migration = migration
        self.place = place
        self.schema = schema
        self.options = options
        self.session = Session()
        self.transaction = 0
        self.count = 0
        self.at_begin = schema
        """The schema to go back to on ROLLBACK."""
        self.at_savepoint: dict[str, Schema] = {}
        self.ending = Ending()

    def mode(self, part: Part) -> TransactionMode:
        match self.options.in_transaction:
            case True:
                return TransactionMode.ONE
            case False:
                return TransactionMode.NONE
            case None:
                return part.transaction

    def steps(self, *, judge: bool) -> Iterator[Step]:
        for part in self.migration.parts:
            mode = self.mode(part)
            if part.own_transaction:
                self._end()
            if mode is not TransactionMode.NONE and not self.session.in_transaction:
                self._begin(explicit=False)
            alone = mode is TransactionMode.IMPLICIT and len(part.script.statements) == 1
            for number, statement in enumerate(part.script.statements):
                yield from self._statement(statement, number, part.script, judge=judge, alone=alone)
            if mode is TransactionMode.ONE and not self.session.explicit:
                self._end()

    def _statement(
        self, statement: Statement, number: int, script: Script, *, judge: bool, alone: bool
    ) -> Iterator[Step]:
        if isinstance(statement, DoBlock):
            yield from self._one(Guarded(statement=statement), number, script, judge=judge, alone=alone)
            inside = tuple(inner.statement for inner in statement.body.statements)
            for place, inner in enumerate(statement.body.statements):
                yield from self._one(inner, number, script, judge=judge, alone=False, later_inside=inside[place + 1 :])
            return
        yield from self._one(Guarded(statement=statement), number, script, judge=judge, alone=alone)

    def _one(
        self,
        guarded: Guarded,
        number: int,
        script: Script,
        *,
        judge: bool,
        alone: bool,
        later_inside: tuple[Statement, ...] = (),
    ) -> Iterator[Step]:
        statement = guarded.statement
        moment = Moment(self.place, self.transaction, self.count)
        self.count += 1
        before = self.schema
        after = before if isinstance(statement, DoBlock) else evolve(before, statement, moment)
        if judge:
            situation = Situation(
                schema=before, session=self.session, target=self.options.target, moment=moment, alone=alone
            )
            effects = predict(statement, situation)
            yield Step(
                statement=statement,
                number=number,
                script=script,
                migration=self.migration,
                effects=effects,
                situation=situation,
                after=after,
                later_inside=later_inside,
                ending=self.ending,
                may_run=guarded.may_run,
                catches=guarded.catches,
            )
            self.session = self.session.after(statement, effects, moment)
        else:
            effects = NOTHING
        self.schema = after
        if isinstance(statement, Transaction):
            self._transaction(statement)
        elif isinstance(statement, SetVariable):
            self.session = _set(self.session, statement)

    def _transaction(self, statement: Transaction) -> None:
        match statement.verb:
            case "begin":
                if not self.session.in_transaction or self.session.tool_transaction:
                    held = self.session
                    self._begin(explicit=True)
                    self.session = structs.replace(
                        self.session,
                        held=held.held,
                        settings=held.settings,
                        local=held.local,
                        begun_at=statement.span,
                    )
            case "commit" | "prepare":
                self._end()
            case "rollback":
                self.schema = self.at_begin
                self._end()
            case "savepoint":
                self.at_savepoint[statement.savepoint or ""] = self.schema
            case "rollback to":
                self.schema = self.at_savepoint.get(statement.savepoint or "", self.schema)

    def _begin(self, *, explicit: bool) -> None:
        self.session = self.session.begin(explicit=explicit)
        self.at_begin = self.schema
        self.ending = Ending()

    def _end(self) -> None:
        self.session = self.session.end()
        self.at_begin = self.schema
        self.transaction += 1
        self.ending = Ending()


def _set(session: Session, statement: SetVariable) -> Session:
    if statement.name == "all":
        return structs.replace(session, settings={}, local={})
    value = None if statement.values is None else ", ".join(statement.values)
    return session.set(statement.name, value, local=statement.local)
