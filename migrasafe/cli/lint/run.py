"""Reads migrations and lints them, as often as is asked, with what comments and the config allow taken out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.cli.inputs import read as read_inputs
from migrasafe.cli.inputs.rendered_cache import RenderedCache
from migrasafe.cli.lint.settings import Asked
from migrasafe.config import Settings
from migrasafe.dsn import is_dsn, without_password
from migrasafe.lint import LintOptions, LintResult
from migrasafe.lint import lint as lint_histories
from migrasafe.migrations.model import History
from migrasafe.suppress import configured, suppress

if TYPE_CHECKING:
    from migrasafe.baseline import Compared
    from migrasafe.cli.lint.baseline_file import BaselineFile
    from migrasafe.known_prefix import KnownSchemas


_LARGE = 2_000
"""Migrations that two processes judge sooner than one, by a quarter of the time. More processes gain little more, as each walks
all that is before its part."""


@contextmanager
def server_to_render_on(settings: Settings, *, sandbox: bool) -> Iterator[str | None]:
    """Where revisions that need a database can be run: on a scratch database of the server that --schema names, or of one
    that is started for it."""
    if not sandbox:
        yield settings.schema if settings.schema is not None and is_dsn(settings.schema) else None
        return
    from migrasafe.postgres.server.find import find_server

    server = find_server(None).start()
    try:
        yield server.dsn
    finally:
        server.stop()


class Only(Struct, frozen=True, kw_only=True):
    """Files that a run reports on, where it does not report on all."""

    files: frozenset[Path]
    """Resolved; those that are no migrations do not matter."""
    search: bool
    """Whether only the folders of migrations that hold one of them are read."""

    @classmethod
    def of(cls, paths: Iterable[str], *, search: bool) -> Only:
        """From paths as people give them; a folder stands for all that it holds."""
        return cls(files=frozenset(Path(path).resolve() for path in paths), search=search)


class Scope(Struct, frozen=True, kw_only=True):
    """What a run reports on."""

    since: str | None = None
    """Only what git says is new or changed since this commit."""
    only: Only | None = None
    down: bool = False
    """Alembic's downgrades, in the place of what goes up."""
    no_exec: bool = False
    """Whether nothing of the project is run, neither its revisions nor its own rules."""
    cache: bool = True
    """Whether schemas that earlier runs came to may be used, and kept for later ones."""
    jobs: int | None = 1
    """How many processes judge, at most; None: as many as pay."""
    show_allowed: bool = False
    """Whether what is allowed is wanted too."""


class Linted(Struct, frozen=True, kw_only=True):
    """What a run has found."""

    result: LintResult
    texts: Mapping[str, str]
    """Of the programs that SQL was rendered from, by path."""
    compared: Compared | None = None
    """Where there is a baseline."""


class Run:
    """The same question again and again, with other texts in the place of files."""

    def __init__(self, asked: Asked, scope: Scope, *, render_on: str | None, baseline: str | None = None) -> None:
        self._asked = asked
        self._settings = settings = asked.settings
        self._scope = scope
        self._render_on = render_on
        self._baseline = _baseline_file(baseline)
        self._rules = asked.chosen
        self._schema = read_inputs.schema_before(settings.schema)
        self._keeper = RenderedCache() if scope.cache else None

    def lint(self, unsaved: Mapping[str, str] | None = None) -> Linted:
        """What is found, without what is allowed or in the baseline, unless that is asked for."""
        settings, scope = self._settings, self._scope
        only = scope.only.files if scope.only is not None else None
        holding = only if scope.only is not None and scope.only.search else None
        read = read_inputs.histories(
            settings.paths,
            settings.layout,
            unsaved or {},
            holding=holding,
            runs_code=not scope.no_exec,
            keeper=self._keeper,
            at_once=settings.old is not None,
        )
        histories = read if scope.no_exec else read_inputs.rendered(read, self._render_on, down=scope.down)
        git = read_inputs.git_since(scope.since, histories)
        histories = read_inputs.with_git(git, histories)
        options = LintOptions(
            target=settings.target,
            schema=self._schema,
            schema_from=settings.schema and without_password(settings.schema),
            in_transaction=settings.in_transaction,
            independent=settings.independent,
            known=_schemas() if scope.cache and (git is not None or only is not None) else None,
            reported=read_inputs.reported(git, down=scope.down, only=only),
        )
        linted = self._judged(histories, options)
        if self._asked.book.own_pages:
            linted = replace(linted, own_pages=self._asked.book.own_pages)
        if settings.old is not None:
            linted = self._settled(linted, histories, settings.old)
        texts = read_inputs.program_texts(linted)
        if self._scope.show_allowed:
            return Linted(result=linted, texts=texts)
        left = without_allowed(linted, self._asked, texts)
        if self._baseline is None:
            return Linted(result=left, texts=texts)
        compared = self._baseline.without_known(left, texts, self._asked.ran)
        return Linted(result=compared.result, texts=texts, compared=compared)

    def _judged(self, histories: Sequence[History], options: LintOptions) -> LintResult:
        jobs = self._jobs(histories)
        if jobs == 1:
            return lint_histories(histories, self._rules, options)
        from migrasafe.cli.lint.side_by_side import lint_side_by_side

        return lint_side_by_side(histories, self._rules, options, jobs)

    def _jobs(self, histories: Sequence[History]) -> int:
        scope = self._scope
        if scope.jobs is not None:
            return scope.jobs
        large = scope.since is None and scope.only is None and sum(len(one.migrations) for one in histories) >= _LARGE
        return 2 if large and (os.cpu_count() or 1) > 1 else 1

    def _settled(self, linted: LintResult, histories: Sequence[History], old: str) -> LintResult:
        """The findings about breaking the running app, decided by what its source says."""
        from migrasafe.app.compat import CompatOptions, compat
        from migrasafe.app.settle import settle
        from migrasafe.cli.inputs.app_version import read_app_version

        settings = self._settings
        options = CompatOptions(target=settings.target, schema=self._schema, in_transaction=settings.in_transaction)
        app = read_app_version(old, histories)
        new = app if settings.new in (None, old) else read_app_version(settings.new or "", histories)
        return settle(linted, compat(histories, app, new, options))


def _schemas() -> KnownSchemas | None:
    from migrasafe.cli.inputs.schema_cache import schema_cache  # only runs about what is new have a history before it

    return schema_cache()


def _baseline_file(path: str | None) -> BaselineFile | None:
    if path is None:
        return None
    from migrasafe.cli.lint.baseline_file import BaselineFile

    return BaselineFile(path)


def without_allowed(result: LintResult, asked: Asked, texts: Mapping[str, str]) -> LintResult:
    """The result without what comments and the config allow. `texts`: of the programs that SQL was rendered from."""
    known, ids = asked.book.known, asked.ran
    migrations = []
    for migration in result.migrations:
        programs = {path: texts[path] for path in read_inputs.origins(migration) if path in texts} if texts else {}
        left = suppress(migration.findings, migration.scripts, known, ran=ids, rendered_from=programs)
        left = configured(left, asked.settings)
        migrations.append(migration if left is migration.findings else replace(migration, findings=left))
    return replace(result, migrations=tuple(migrations))
