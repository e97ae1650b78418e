"""What lint predicts for every statement of a migration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrasafe.effects.constraints import on_targets
from migrasafe.effects.model import Effects, Lock, Trouble, Work
from migrasafe.effects.shared_out import shared_out
from migrasafe.migrations.model import Migration
from migrasafe.rules.context import Step
from migrasafe.schema.evolve import after_session
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    AlterTable,
    DoBlock,
    Rename,
    SetSchema,
    Statement,
    Transaction,
    ValidateConstraint,
)
from migrasafe.target import Target
from migrasafe.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One statement, and what it is predicted to do to relations that were there before its migration.

    Relations have the names that they had before the migration, as the server's observer gives them.
    """

    statement: Statement
    sql: str
    path: str
    line: int
    certain: Effects
    """What it does whenever it runs."""
    possible: Effects
    """What it may do: also what a branch, a loop or a handler of a DO block, a function or a trigger decides about."""
    looked_up: frozenset[str]
    """Tables that it may read to check its own: what foreign keys point at, and where a row would make it fail."""
    after: Schema | None
    """The schema predicted after it; None where the end of a transaction changes it."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMigration:
    """A migration with the predictions for its statements, part by part, and the schema predicted after it."""

    migration: Migration
    parts: tuple[tuple[Expected, ...], ...]
    before: Schema
    after: Schema


def expect(migration: Migration, place: int, before: Schema, major: int) -> ExpectedMigration:
    """The predictions for the migration with this place in its history, before which there is the schema `before`."""
    steps: dict[int, list[Step]] = {}
    walk = Walk(migration, place, before, target=Target(pg_version=major))
    walk.run(lambda step: steps.setdefault(id(step.script), []).append(step))
    names = _Names()
    return ExpectedMigration(
        migration=migration,
        parts=tuple(tuple(_expected(part.script, steps.get(id(part.script), ()), names)) for part in migration.parts),
        before=before,
        after=after_session(walk.schema, before.search_path),
    )


def _expected(script: Script, heard: Sequence[Step], names: _Names) -> Iterator[Expected]:
    by_number: dict[int, list[Step]] = {}
    for step in heard:
        by_number.setdefault(step.number, []).append(step)
    sent = set(map(id, script.sent))
    for number, statement in enumerate(script.statements):
        if id(statement) not in sent:
            continue
        certain, possible = Effects(), Effects()
        looked_up: set[str] = set()
        inside_block = isinstance(statement, DoBlock)
        steps = by_number.get(number, [])
        for step in steps:
            effects = names.before(step)
            possible = possible.and_(effects)
            if not step.callers and not (inside_block and (step.may_run or step.catches)):
                certain = certain.and_(effects)
            looked_up.update(str(names.then(ref)) for ref in _looked_up(step))
            names.follow(step)
        path, line = _place(script, number, statement)
        yield Expected(
            statement=statement,
            sql=script.text_of(statement),
            path=path,
            line=line,
            certain=certain,
            possible=possible,
            looked_up=frozenset(looked_up),
            after=steps[-1].after if steps and not isinstance(statement, Transaction) else None,
        )


def _place(script: Script, number: int, statement: Statement) -> tuple[str, int]:
    if script.origins is not None and number < len(script.origins):
        origin = script.origins[number]
        return origin.path, origin.line
    return script.source.path, script.source.position(statement.span.start)[0]


def _looked_up(step: Step) -> Iterator[Ref]:
    statement, situation = step.statement, step.situation
    if not isinstance(statement, AlterTable):
        return
    table = situation.table(statement.name)
    if any(failure.trouble is Trouble.NULLS_IN_COLUMN for failure in step.effects.failures):
        ref = situation.ref(statement.name)
        yield from (ref, *situation.below(ref))  # it looks for a row, and fails at the first
    for action in statement.actions:
        match action:
            case AlterColumnType(column=name) if table is not None:
                yield table.ref
                yield from (lock.relation for lock in on_targets(name, 0, table, situation))
                continue
            case AddConstraint(constraint=constraint):
                targets = [constraint.references]
            case AddColumn(column=column):
                targets = [constraint.references for constraint in column.constraints]
            case ValidateConstraint(name=name):
                known = table.constraint(name) if table is not None else None
                if known is not None and known.target is not None:
                    yield from (known.target, *situation.below(known.target))
                continue
            case _:
                continue
        for target in targets:
            if target is not None:
                ref = situation.ref(target.table)
                yield from (ref, *situation.below(ref))


class _Names:
    """Follows the renames of one migration, back to the names before it."""

    def __init__(self) -> None:
        self._before: dict[Ref, Ref] = {}

    def before(self, step: Step) -> Effects:
        """The step's effects on what was there before the migration, under the names of then."""
        effects, situation = step.effects, step.situation
        shared = [part for work in effects.work for part in shared_out(work, step.statement, situation)]
        return Effects(
            locks=tuple(
                Lock(relation=self.then(lock.relation), mode=lock.mode, action=lock.action)
                for lock in effects.locks
                if situation.exists_already(lock.relation)
            ),
            work=tuple(self._work(work) for work in shared if situation.exists_already(work.relation)),
            failures=effects.failures,
        )

    def follow(self, step: Step) -> None:
        """Remember what the step renames."""
        statement, situation = step.statement, step.situation
        match statement:
            case Rename(kind="TABLE" | "VIEW" | "MATERIALIZED VIEW" | "FOREIGN TABLE"):
                old = situation.ref(statement.name)
                new = Ref(old.schema, statement.new_name)
            case SetSchema(kind="TABLE" | "VIEW" | "MATERIALIZED VIEW" | "FOREIGN TABLE"):
                old = situation.ref(statement.name)
                new = Ref(statement.new_schema, old.name)
            case Rename(kind="SCHEMA"):
                for old in [one for one in situation.schema.relations if one.schema == statement.name.name]:
                    self._before[Ref(statement.new_name, old.name)] = self._before.pop(old, old)
                return
            case _:
                return
        self._before[new] = self._before.pop(old, old)

    def then(self, ref: Ref) -> Ref:
        return self._before.get(ref, ref)

    def _work(self, work: Work) -> Work:
        return Work(
            kind=work.kind,
            relation=self.then(work.relation),
            cause=work.cause,
            action=work.action,
            column=work.column,
            detail=work.detail,
            concurrent=work.concurrent,
            assumed=work.assumed,
        )
