"""One migration walked as PostgreSQL would run it: the schema, the session and the transaction at each statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, structs

from migrasafe.effects.model import Effects, WorkKind
from migrasafe.effects.predict import predict
from migrasafe.effects.rows import row_by_row
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.migrations.model import Migration, Part, TransactionMode
from migrasafe.rules.context import Step
from migrasafe.rules.surroundings import Caller, Ending, Following
from migrasafe.schema.calls import DEEPEST, MAY_RUN, Run, guarded_statements, runs_of
from migrasafe.schema.evolve import evolve_alone
from migrasafe.schema.model import Moment, Ref, Schema
from migrasafe.sql.script import Script
from migrasafe.sql.settings import MAY_SET, settings_of
from migrasafe.sql.statements import Call, DoBlock, Query, SetVariable, Statement, Transaction
from migrasafe.target import Target

# By names of their own: until Python 3.12 it takes ten times as long to find a member in its enum.
_ONE, _NONE, _IMPLICIT = TransactionMode.ONE, TransactionMode.NONE, TransactionMode.IMPLICIT


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
        planned_on: tuple[str, ...] = (),
    ) -> None:
        """`place`: of the migration in its history; `in_transaction`: None is as the migration tool would run it;
        `layout`: the tool; `planned_on`: as Step has it."""
        self.migration = migration
        self.place = place
        self.at_start = schema
        self.schema = schema
        self.target = target
        self.in_transaction = in_transaction
        self.layout = layout
        self.planned_on = planned_on
        self.running = _ONE
        """The mode of the part that runs."""
        self.wrapped = False
        """Whether its tool runs any part of it in a transaction; known once it has run."""
        self.session = _CONNECTED
        self.transaction = 0
        self.count = 0
        self.at_begin = schema
        """The schema to go back to on ROLLBACK."""
        self.settings_at_begin = self.session.settings
        self.at_savepoint: dict[str, tuple[Schema, Session]] = {}
        """What ROLLBACK TO goes back to, locks and settings too."""
        self.endings: dict[int, Schema] = {}
        """What transactions will come to, as far as `look_ahead` has said so."""
        self.ending = Ending()
        """Of the open transaction."""
        self.migration_ending = Ending()
        self.fired: set[tuple[str, Ref | None, type[Statement]]] = set()
        """The triggers that fired in this transaction."""

    def _mode(self, part: Part) -> TransactionMode:
        if self.in_transaction is None:
            return part.transaction
        return _ONE if self.in_transaction else _NONE

    def run(self, visit: Callable[[Step], None] | None = None) -> None:
        """Run every statement. `visit` is called with each step before the session moves on; without it, no effects are
        predicted: the schema is all that comes out. How things end, a step can tell once all have run."""
        for part in self.migration.parts:
            mode = self.running = self._mode(part)
            self.wrapped = self.wrapped or mode is not _NONE
            if part.own_transaction and self.count:
                self._end()
            if mode is not _NONE and not self.session.in_transaction:
                self._begin(explicit=False)
            script = part.script
            alone = mode is _IMPLICIT and len(script.statements) == 1
            for number, statement in enumerate(script.statements):
                if mode is _IMPLICIT and not alone and not self.session.in_transaction:
                    self._begin(explicit=False)  # also after a COMMIT in the middle of what is sent as one query
                self._one(_Place(number=number, script=script, alone=alone), statement, visit)
            if mode is _ONE and not self.session.explicit:
                self._end()
        self.ending.schema = self.migration_ending.schema = self.schema

    def _one(self, place: _Place, statement: Statement, visit: Callable[[Step], None] | None) -> None:
        moment = Moment(self.place, self.transaction, self.count)
        self.count += 1
        before = self.schema
        after = evolve_alone(before, statement, moment, guarded=place.in_body)
        if visit is not None:
            situation = Situation(
                schema=before,
                session=self.session,
                target=self.target,
                moment=moment,
                alone=place.alone,
                in_body=place.in_body,
                atomic=place.atomic,
            )
            effects = predict(statement, situation)
            if place.each_row_of is not None:
                effects = row_by_row(statement, effects, place.each_row_of, situation)
            if place.trigger:
                effects = _without_row_work(effects)
            visit(
                Step(
                    statement=statement,
                    number=place.number,
                    script=place.script,
                    migration=self.migration,
                    effects=effects,
                    situation=situation,
                    at_start=self.at_start,
                    after=after,
                    later_inside=place.later,
                    ending=self.ending,
                    migration_ending=self.migration_ending,
                    may_run=place.may_run,
                    catches=place.catches,
                    callers=place.callers,
                    layout=self.layout,
                    transaction=self.running,
                    told=self.in_transaction is not None,
                    planned_on=self.planned_on,
                )
            )
            self.session = self.session.after(statement, effects, moment, situation.exists_already)
        self.schema = after
        if type(statement) is Transaction:
            self._transaction(statement, place)
            return
        kind = type(statement)
        if kind in MAY_SET:
            for setting in settings_of(statement):
                self.session = _set(self.session, setting, alone=place.alone)
        if kind in MAY_RUN and len(place.callers) < DEEPEST:
            for run in runs_of(statement, before):
                self._run(run, statement, place, visit)

    def _run(self, run: Run, statement: Statement, place: _Place, visit: Callable[[Step], None] | None) -> None:
        """Run a body: outside a transaction, in one of its own that it may end."""
        if run.trigger is not None:
            key = (run.trigger, run.function, type(statement))
            if key in self.fired:
                return  # a trigger does the same for each of a thousand INSERTs
            self.fired.add(key)
        ends = not isinstance(statement, DoBlock | Call) or bool(run.settings)
        # A message of one statement has a transaction only for that statement: a body may end it.
        atomic = place.atomic or ends or (self.session.in_transaction and not place.in_body and not place.alone)
        own = not self.session.in_transaction
        if own:
            self._begin(explicit=False)
        before = self.session
        if "lock_timeout" in run.settings:
            self.session = self.session.set("lock_timeout", f"set by {run.function}", local=True)
        caller = () if run.function is None else (Caller(function=run.function, trigger=run.trigger),)
        statements = guarded_statements(run, statement)
        for count, inner in enumerate(statements):
            inside = structs.replace(
                place,
                alone=False,
                in_body=True,
                atomic=atomic or bool(inner.catches),
                later=Following(statements, count + 1, place.later),
                may_run=place.may_run or inner.may_run,
                catches=place.catches | inner.catches,
                each_row_of=inner.each_row_of or place.each_row_of,
                callers=(*place.callers, *caller),
                trigger=place.trigger or run.trigger is not None,
            )
            self._one(inside, inner.statement, visit)
        if run.settings:
            self.session = structs.replace(self.session, settings=before.settings, local=before.local)
        if own:
            self._end()

    def _transaction(self, statement: Transaction, place: _Place) -> None:
        if place.in_body:
            if not place.atomic and statement.verb in ("commit", "rollback"):
                if statement.verb == "rollback":
                    self._roll_back()
                self._end()
                self._begin(explicit=False)
            return
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
                self._roll_back()
                self._end()
            case "savepoint":
                self.at_savepoint[statement.savepoint or ""] = self.schema, self.session
            case "rollback to":
                before = self.at_savepoint.get(statement.savepoint or "")
                self.schema, self.session = before or (self.schema, self.session)

    def _roll_back(self) -> None:
        self.ending.schema = (
            self.schema
        )  # what it came to: rules speak of what a transaction does, also one that is tried out
        self.schema = self.at_begin
        self.session = structs.replace(self.session, settings=self.settings_at_begin)

    def _begin(self, *, explicit: bool) -> None:
        new = self.session is _CONNECTED and not explicit  # as most migrations begin
        self.session = _BEGUN if new else self.session.begin(explicit=explicit)
        self.at_begin = self.schema
        self.settings_at_begin = self.session.settings

    def _end(self) -> None:
        if self.ending.schema is None:
            self.ending.schema = self.schema
        self.transaction += 1
        self.ending = Ending(schema=self.endings.get(self.transaction))
        self.session = self.session.end()
        self.at_begin = self.schema
        self.fired.clear()
        self.at_savepoint.clear()


_CONNECTED = Session()
_BEGUN = _CONNECTED.begin(explicit=False)


class _Place(Struct, frozen=True, kw_only=True):
    """Where a statement stands: in the script, and in the bodies that run as part of its statement."""

    number: int
    script: Script
    alone: bool = False
    in_body: bool = False
    atomic: bool = False
    later: Iterable[Statement] = ()
    may_run: bool = False
    catches: frozenset[str] = frozenset()
    each_row_of: Query | None = None
    callers: tuple[Caller, ...] = ()
    trigger: bool = False


def _without_row_work(effects: Effects) -> Effects:
    """What a trigger does with rows it does for each statement of the app as well."""
    rows = (WorkKind.BULK_WRITE, WorkKind.BULK_READ)
    return structs.replace(effects, work=tuple(work for work in effects.work if work.kind not in rows))


def _set(session: Session, statement: SetVariable, *, alone: bool) -> Session:
    said = structs.replace(session, said={**session.said, statement.name: statement})
    if statement.name == "all":
        names = {"lock_timeout", *session.said}
        return structs.replace(said, settings={}, local={}, said=dict.fromkeys(names, statement))
    if statement.local and alone:
        return said
    value = None if statement.values is None else ", ".join(statement.values)
    return said.set(statement.name, value, local=statement.local)


def schema_after(migrations: Sequence[Migration], target: Target) -> Schema:
    """The catalog that migrations lead to, one after the other, from an empty one; all of them are over."""
    schema = Schema()
    for place, migration in enumerate(migrations):
        walk = Walk(migration, place - len(migrations), schema, target=target)  # below 0: before any other
        walk.run()
        schema = walk.schema
    return schema
