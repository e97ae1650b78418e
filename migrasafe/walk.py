"""One migration walked as PostgreSQL would run it: the schema, the session and the transaction at each statement."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.migrations.model import Migration, Part, TransactionMode
from migrasafe.rules.context import Ending, Step
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import DoBlock, Guarded, SetVariable, Statement, Transaction
from migrasafe.target import Target


class Walk:
    """One migration, statement by statement: the schema, session and transaction after each."""

    def __init__(
        self,
        migration: Migration,
        place: int,
        schema: Schema,
        *,
        target: Target,
        in_transaction: bool | None = None,
        layout: str = "",
    ) -> None:
        """`place`: of the migration in its history; `in_transaction`: None is as the migration tool would run it;
        `layout`: the tool."""
        self.migration = migration
        self.place = place
        self.schema = schema
        self.target = target
        self.in_transaction = in_transaction
        self.layout = layout
        self.running = TransactionMode.ONE
        """The mode of the part that runs."""
        self.session = Session()
        self.transaction = 0
        self.count = 0
        self.at_begin = schema
        """The schema to go back to on ROLLBACK."""
        self.at_savepoint: dict[str, Schema] = {}
        self.ending = Ending()
        self.migration_ending = Ending()

    def mode(self, part: Part) -> TransactionMode:
        match self.in_transaction:
            case True:
                return TransactionMode.ONE
            case False:
                return TransactionMode.NONE
            case None:
                return part.transaction

    def run(self, visit: Callable[[Step], None] | None = None) -> None:
        """Run every statement. `visit` is called with each step before the session moves on; without it, no effects are
        predicted: the schema is all that comes out."""
        for part in self.migration.parts:
            mode = self.running = self.mode(part)
            if part.own_transaction:
                self._end()
            if mode is not TransactionMode.NONE and not self.session.in_transaction:
                self._begin(explicit=False)
            script = part.script
            alone = mode is TransactionMode.IMPLICIT and len(script.statements) == 1
            for number, statement in enumerate(script.statements):
                self._one(statement, number, script, visit, alone=alone)
                if isinstance(statement, DoBlock):
                    self._block(statement, number, script, visit)
            if mode is TransactionMode.ONE and not self.session.explicit:
                self._end()

    def _block(self, block: DoBlock, number: int, script: Script, visit: Callable[[Step], None] | None) -> None:
        inside = tuple(inner.statement for inner in block.body.statements)
        for place, inner in enumerate(block.body.statements):
            self._one(inner.statement, number, script, visit, guard=inner, later_inside=inside[place + 1 :])

    def _one(
        self,
        statement: Statement,
        number: int,
        script: Script,
        visit: Callable[[Step], None] | None,
        *,
        alone: bool = False,
        guard: Guarded | None = None,
        later_inside: tuple[Statement, ...] = (),
    ) -> None:
        moment = Moment(self.place, self.transaction, self.count)
        self.count += 1
        before = self.schema
        after = before if isinstance(statement, DoBlock) else evolve(before, statement, moment)
        if visit is not None:
            situation = Situation(schema=before, session=self.session, target=self.target, moment=moment, alone=alone)
            effects = predict(statement, situation)
            step = Step(
                statement=statement,
                number=number,
                script=script,
                migration=self.migration,
                effects=effects,
                situation=situation,
                after=after,
                later_inside=later_inside,
                ending=self.ending,
                migration_ending=self.migration_ending,
                may_run=guard is not None and guard.may_run,
                catches=guard.catches if guard is not None else frozenset(),
                layout=self.layout,
                transaction=self.running,
                told=self.in_transaction is not None,
            )
            visit(step)
            self.session = self.session.after(statement, effects, moment, situation.exists_already)
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
