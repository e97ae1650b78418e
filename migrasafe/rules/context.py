"""What a rule sees of one statement, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from msgspec import Struct, structs

from migrasafe.effects.model import Cause, Effects, Work
from migrasafe.effects.session import Held, Session
from migrasafe.effects.situation import Situation
from migrasafe.findings import Edit, Finding, Fix, FixKind, Place, Severity
from migrasafe.locks import LockMode
from migrasafe.migrations.model import Migration, TransactionMode
from migrasafe.rules.surroundings import Caller, Ending
from migrasafe.schema.model import Moment, Ref, Schema
from migrasafe.sql.edit import action_spans
from migrasafe.sql.parse import read_script
from migrasafe.sql.quote import quote_name
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Action, AlterTable, Span, Statement, Transaction
from migrasafe.sql.written import written_table
from migrasafe.target import Target


class Step(Struct, frozen=True, kw_only=True):
    """One statement in its place: the schema before and after it, its effects, the open transaction."""

    statement: Statement
    number: int
    """Place among the statements of its script."""
    script: Script
    migration: Migration
    effects: Effects
    situation: Situation
    at_start: Schema
    """Before the migration."""
    after: Schema
    later_inside: Iterable[Statement] = ()
    """The statements that follow in the same DO block."""
    ending: Ending
    """Of the transaction."""
    migration_ending: Ending
    may_run: bool = False
    """A branch inside a DO block or function decides whether it runs."""
    callers: tuple[Caller, ...] = ()
    """The functions it runs in, outermost first; it points at the statement that calls the first."""
    catches: frozenset[str] = frozenset()
    """Conditions that a handler around it catches."""
    made_here: frozenset[Ref] = frozenset()
    """Relations, types and functions that this migration made and has dropped again."""
    layout: str = ""
    """The migration tool, as History names it."""
    transaction: TransactionMode = TransactionMode.ONE
    """How the tool runs this part of the migration."""
    told: bool = False
    """The user said so, whatever the tool is."""
    planned_on: tuple[str, ...] = ()
    """The options with which `migrasafe plan` finds the schema before this migration; empty where none would."""

    @property
    def later(self) -> Iterator[Statement]:
        """The statements that follow in the script: one after the other, as most who ask stop soon, and there may be 100,000."""
        statements = self.script.statements
        return chain(self.later_inside, map(statements.__getitem__, range(self.number + 1, len(statements))))

    @property
    def is_first(self) -> bool:
        """Whether it is the first statement of the migration."""
        return self.number == 0 and self.script is self.migration.parts[0].script and not self.situation.in_body

    @property
    def schema(self) -> Schema:
        return self.situation.schema

    @property
    def session(self) -> Session:
        return self.situation.session

    @property
    def target(self) -> Target:
        return self.situation.target

    @property
    def moment(self) -> Moment:
        return self.situation.moment

    @property
    def in_transaction(self) -> bool:
        return self.session.in_transaction

    def until_commit(self) -> Iterator[Statement]:
        """The statements that follow in the same transaction: what they mend, nobody sees broken."""
        if not self.in_transaction:
            return
        for statement in self.later:
            if isinstance(statement, Transaction) and statement.verb in ("commit", "rollback", "prepare"):
                return
            yield statement

    def to_the_end(self) -> Iterator[Statement]:
        """The statements that follow in the migration."""
        yield from self.later
        parts = self.migration.parts
        here = next((place for place, part in enumerate(parts) if part.script is self.script), len(parts))
        for part in parts[here + 1 :]:
            yield from part.script.statements

    def at_commit(self) -> Schema:
        """The schema that others see once the transaction ends, or right after this statement where there is none."""
        if not self.in_transaction:
            return self.after
        return self.ending.reached()

    def at_end(self) -> Schema:
        """The schema once the whole migration has run."""
        return self.migration_ending.reached()

    # --- work under locks ---

    def exists_already(self, ref: Ref) -> bool:
        return self.situation.exists_already(ref) and not self.is_small(ref)

    def is_small(self, ref: Ref) -> bool:
        """Whether the server said that the table has fewer rows than the config calls busy."""
        situation = self.situation
        table = situation.schema.table(ref)
        return table is not None and table.rows is not None and 0 <= table.rows < situation.target.busy_rows

    def work(self, *causes: Cause) -> Iterator[Work]:
        """Work on tables that were there before, done under a lock that this very statement takes on them."""
        for work in self.effects.caused_by(*causes):
            if not work.concurrent and self.exists_already(work.relation) and self.own_lock(work) is not None:
                yield work

    def own_lock(self, work: Work) -> LockMode | None:
        """The lock of this statement on the worked table, if readers or writers have to wait for it."""
        mode = self.effects.lock_on(work.relation)
        return mode if mode is not None and mode.blocks_writes else None

    def held_against_others(self, above: LockMode | None = None) -> Iterator[tuple[Ref, Held]]:
        """Locks of earlier statements in this transaction that stop readers or writers of tables that were there before; with
        `above`, those that are stronger."""
        wanted = [mode for mode in LockMode if mode.blocks_writes and (above is None or mode.strength > above.strength)]
        for relation, held in self.session.held.items():
            if held.mode in wanted and self.exists_already(relation):
                yield relation, held

    # --- findings ---

    def place(self, action: int | None = None) -> Place:
        """Where to point: the action of an ALTER TABLE if one is meant, else the statement."""
        span = self.span(action)
        source = self.script.source
        if self.script.origins is not None and self.number < len(self.script.origins):
            origin = self.script.origins[self.number]
            return Place(path=origin.path, line=origin.line, column=1, end_line=origin.line, end_column=1)
        line, column = source.position(span.start)
        end_line, end_column = source.position(span.end)
        return Place(path=source.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def span(self, action: int | None = None) -> Span:
        statement = self.statement
        if action is not None and isinstance(statement, AlterTable) and len(statement.actions) > 1:
            spans = action_spans(self.script.source.text, statement.span)
            if len(spans) == len(statement.actions):
                return spans[action]
        return statement.span

    @property
    def as_written(self) -> str:
        """The text of the file, with the placeholders that its author wrote; spans fit it as they fit the source's."""
        return self.script.source.written or self.script.source.text

    def sql(self) -> str:
        """The statement as written."""
        return self.text_of(self.statement)

    def text_of(self, statement: Statement) -> str:
        """A statement of the script as written."""
        return self.as_written[statement.span.start : statement.span.end]

    @property
    def table_name(self) -> str:
        """The relation of an ALTER TABLE as SQL: as its author wrote it, if that can be told."""
        assert isinstance(self.statement, AlterTable)
        return written_table(self.script.source.text, self.statement.span, self.as_written) or quote_name(
            self.statement.name
        )

    def finding(
        self,
        rule: str,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        action: int | None = None,
        help: str = "",
        objects: Iterable[Ref | str] = (),
        lock: LockMode | None = None,
        work: Work | None = None,
        fix: Fix | None = None,
        replacement: str | None = None,
        steps: str | None = None,
        assumed: tuple[str, ...] = (),
        command: str | None = None,
    ) -> Finding:
        """A finding at this statement. `fix` is made by migrasafe.rules.instead; for what needs no more than text,
        `replacement` is one statement for this one, and `steps` are several, with deploys. `command` is made by
        migrasafe.rules.in_phases."""
        if self.callers:
            message = f"{message} This happens in {self.callers[-1]}, which is called here."
        if self.may_run:
            assumed = (*assumed, "the branch that it stands in is taken")
        if work is not None:
            action = work.action if action is None else action
            assumed = (*work.assumed, *assumed)
            lock = lock or self.effects.lock_on(work.relation)
            objects = objects or (work.relation,)
        fix = fix or self._plain_fix(replacement, steps, action)
        if command is not None:
            fix = structs.replace(fix, kind=FixKind.PLAN if fix.kind is FixKind.NONE else fix.kind, command=command)
        return Finding(
            rule=rule,
            severity=severity,
            place=self.place(action),
            message=message,
            help=help,
            objects=tuple(map(str, objects)),
            lock=lock,
            work=work.kind.value if work is not None else None,
            fix=fix,
            assumed=assumed,
        )

    def _plain_fix(self, replacement: str | None, steps: str | None, action: int | None) -> Fix:
        if not replacement:
            return Fix(kind=FixKind.PLAN if steps else FixKind.NONE, steps=steps)
        if not self.editable:
            return Fix(kind=FixKind.PLAN, steps=steps or f"{replacement};")
        edit = Edit(place=self.place(action), replacement=replacement)
        return Fix(kind=FixKind.EDIT, replacement=replacement, steps=steps, edits=(edit,))

    @property
    def has_own_text(self) -> bool:
        """Whether its span is its own: of a statement in a body it may be a whole line, or stand in another file."""
        if self.number < len(self.script.statements) and self.script.statements[self.number] is self.statement:
            return True
        if self.callers:
            return False
        script = read_script(Source(path="", text=self.sql()))
        return [type(one) for one in script.statements] == [type(self.statement)]

    @property
    def editable(self) -> bool:
        """Whether the statement stands in a file just as it is read: it was not rendered by a program, no placeholder of a
        template is in it, and it is no part of a DO block."""
        script = self.script
        if script.origins is not None or not script.source.is_as_written(*self.statement.span):
            return False
        return self.number < len(script.statements) and script.statements[self.number] is self.statement


class Rule(Struct, frozen=True, kw_only=True):
    """A check: the id of its page, the statements it looks at, and whether it runs unless asked for."""

    id: str
    check: Callable[[Step], Iterable[Finding]]
    on: tuple[type[Statement], ...] = (Statement,)
    actions: tuple[type[Action], ...] = ()
    """It looks at these actions of an ALTER TABLE only; none: at all."""
    default: bool = True
    needs_work: bool = False
    """It speaks of work only: not asked about statements that do none."""
    causes: frozenset[Cause] = frozenset()
    """It speaks of work of these causes only; none: of work of any cause."""
    needs_failure: bool = False
    """It speaks of failures only, likewise."""
    needs_lock: bool = False
    """It speaks of statements that take a lock only, likewise."""
    needs_held_lock: bool = False
    """It speaks of locks that earlier statements of the transaction took, likewise."""
    needs_new_syntax: bool = False
    """It speaks of scripts with syntax that came after PostgreSQL 12 only, likewise."""
    needs_git: bool = False
    """It speaks of what git knows of a migration only, likewise."""
    once: bool = False
    """It speaks of the migration as a whole: asked about its first statement only."""
