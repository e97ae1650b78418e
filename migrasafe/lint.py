"""Migrations in, findings out: walks each script with the schema, the session and the transaction it would run in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

from migrasafe.errors import is_too_deep
from migrasafe.findings import Finding
from migrasafe.look_ahead import is_long, knows_its_end, look_ahead
from migrasafe.migrations.model import History, Migration, Notice
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.dispatch import Dispatch, too_deep
from migrasafe.schema.evolve import after_session
from migrasafe.schema.model import Schema
from migrasafe.sql.script import Script
from migrasafe.target import Target
from migrasafe.walk import Walk

if TYPE_CHECKING:
    from migrasafe.known_prefix import KnownSchemas


class LintedMigration(Struct, frozen=True, kw_only=True, gc=False):
    """One migration that was reported on."""

    path: str
    id: str
    transaction: bool
    """Whether its tool runs it in a transaction."""
    statements: int
    findings: tuple[Finding, ...]
    scripts: tuple[Script, ...]
    """None where nothing is to be said of them."""
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


def every(_: Migration) -> bool:
    """What is reported where nothing says otherwise: nobody need look at a migration to know."""
    return True


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
    reported: Callable[[Migration], bool] = every
    """Which migrations to report on; the others are history."""
    known: KnownSchemas | None = None
    """Where schemas of earlier runs are kept."""


def lint(histories: Sequence[History], rules: Sequence[Rule], options: LintOptions) -> LintResult:
    """Every finding of `rules` in the reported migrations, in the order in which the migrations run. Pure."""
    return result_of(histories, judged(histories, rules, options), options.target)


def judged(
    histories: Sequence[History], rules: Sequence[Rule], options: LintOptions, among: Collection[int] | None = None
) -> tuple[LintedMigration, ...]:
    """The reported migrations alone; with `among`, those at these places of all. What comes behind the last of them is not
    read."""
    judge = _Judge(rules)
    before = 0
    for history in histories:
        places = range(before, before := before + len(history.migrations))
        reported = [place in among for place in places] if among is not None else reported_of(history, options)
        if True not in reported:
            continue
        end = len(reported) - reported[::-1].index(True)
        skipped, schema, keep = _known(history, reported, options)
        for place, migration in enumerate(_read(history.migrations[skipped:end]), start=skipped):
            if options.independent and not reported[place]:
                continue
            start = options.schema if options.independent else schema
            walk = Walk(
                migration,
                place,
                after_session(start, options.schema.search_path),
                target=options.target,
                in_transaction=options.in_transaction,
                layout=history.layout,
                planned_on=_planned_on(history, migration, options),
            )
            try:
                if reported[place]:
                    judge.take(walk)
                else:
                    walk.run()
            except BaseException as error:
                if not is_too_deep(error):
                    raise
                raise too_deep(migration) from error
            schema = walk.schema
            if not reported[place]:
                _let_go(migration)
            if keep is not None and place + 1 == keep[0] and options.known is not None:
                options.known.keep(*keep, schema)
    return judge.all()


def reported_of(history: History, options: LintOptions) -> list[bool]:
    """Which of its migrations are reported on."""
    if options.reported is every:
        return [True] * len(history.migrations)
    return [options.reported(migration) for migration in history.migrations]


def result_of(histories: Sequence[History], linted: tuple[LintedMigration, ...], target: Target) -> LintResult:
    """With what is to be said of the histories themselves."""
    notices = tuple(notice for history in histories for notice in history.notices)
    if not all(notice.blocking for notice in notices):
        shown = {migration.path for migration in linted}
        silent = {migration.path for history in histories for migration in history.migrations} - shown
        notices = tuple(notice for notice in notices if notice.blocking or notice.path not in silent)
    return LintResult(target=target, migrations=linted, notices=notices)


_TOGETHER = 300
"""Migrations that are parsed before the first of them is walked. Parser and walk push each other's code and tables out of
the processor's caches: taking turns for each file, both take a fifth longer."""


def _read(migrations: Sequence[Migration]) -> Iterator[Migration]:
    """The migrations, each with its statements read."""
    for start in range(0, len(migrations), _TOGETHER):
        some = tuple(migrations[start : start + _TOGETHER])
        for migration in some:
            for part in migration.parts:
                part.script.read()
        yield from some


def _known(
    history: History, reported: Sequence[bool], options: LintOptions
) -> tuple[int, Schema, tuple[int, str] | None]:
    """How many of the first migrations need no walk, as their schema is known; that schema; and how long a prefix, and
    under what key, is worth keeping when its schema is."""
    quiet = reported.index(True)
    if options.known is None or options.independent or options.schema_from is not None or not quiet:
        return 0, options.schema, None
    from migrasafe.known_prefix import longest_known  # which hashes

    start = f"{options.target} {options.in_transaction} {history.layout}"
    length, schema, key = longest_known(history.migrations[:quiet], options.known, start=start)
    return length, schema or options.schema, (quiet, key) if key is not None else None


def _planned_on(history: History, migration: Migration, options: LintOptions) -> tuple[str, ...]:
    """`--schema db/migrations --before db/migrations/7.sql`."""
    if options.schema_from is not None:
        return "--schema", options.schema_from
    if migration.path.startswith("<"):  # standard input
        return ()
    return "--schema", history.root or ".", "--before", migration.path


_ENOUGH = 500
"""Statements that are judged together: the rules gain no more from more of them, and each holds two schemas."""


class _Judge:
    """Asks the rules about migrations, many of them at once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._dispatch = Dispatch(rules)
        self._waiting: list[tuple[Walk, int]] = []
        """With how many steps each has."""
        self._steps: list[Step] = []
        self._linted: list[LintedMigration] = []

    def take(self, walk: Walk) -> None:
        """Run a migration, and keep it until there are enough to judge."""
        if is_long(walk):
            self._take_long(walk)
            return
        before = len(self._steps)
        walk.run(self._steps.append)
        self._waiting.append((walk, len(self._steps) - before))
        if len(self._steps) >= _ENOUGH:
            self._judge()

    def _take_long(self, walk: Walk) -> None:
        """Run a migration, and judge so many of its steps at a time."""
        self._judge()
        findings: list[Finding] = []

        def judge() -> None:
            findings.extend(finding for found in self._dispatch.findings(self._steps) for finding in found)
            self._steps = []

        def visit(step: Step) -> None:
            self._steps.append(step)
            if len(self._steps) >= _ENOUGH and knows_its_end(walk):
                judge()

        look_ahead(walk)
        walk.run(visit)
        judge()
        self._add(walk, findings)

    def all(self) -> tuple[LintedMigration, ...]:
        self._judge()
        return tuple(self._linted)

    def _judge(self) -> None:
        found = iter(self._dispatch.findings(self._steps))
        for walk, steps in self._waiting:
            self._add(walk, [finding for one in islice(found, steps) for finding in one])
        self._waiting, self._steps = [], []

    def _add(self, walk: Walk, findings: list[Finding]) -> None:
        linted = _linted(walk, findings)
        self._linted.append(linted)
        _let_go(walk.migration, text=not linted.scripts)


def _linted(walk: Walk, findings: list[Finding]) -> LintedMigration:
    migration = walk.migration
    scripts = tuple([part.script for part in migration.parts])
    if len(findings) > 1:
        findings.sort(key=_place)
        if len({(finding.rule, finding.place.line, finding.place.column) for finding in findings}) < len(findings):
            findings = list(dict.fromkeys(findings))
    return LintedMigration(
        path=migration.path,
        id=migration.id,
        transaction=walk.wrapped,
        statements=sum([len(script.statements) for script in scripts]),
        findings=tuple(findings),
        scripts=scripts if findings or any(one.origins is not None or one.may_allow for one in scripts) else (),
        hint=migration.hint,
        notices=migration.notices,
    )


def _let_go(migration: Migration, *, text: bool = True) -> None:
    """What is left of a migration that is done with is what was found, and the text that it is about: the memory of a run so
    does not grow by the trees of all statements, nor by texts of which nothing is to be said."""
    for part in migration.parts:
        part.script.let_go()
        if text:
            part.script.source.let_go()


def _place(finding: Finding) -> tuple[str, int, int]:
    place = finding.place
    return place.path, place.line, place.column
