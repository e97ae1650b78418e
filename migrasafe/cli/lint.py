"""`migrasafe lint`: reads the migrations, lints them, prints a report."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from migrasafe.cli import read_inputs
from migrasafe.cli.terminal import wants_color
from migrasafe.config import Options, Settings, find_config, is_dsn, read_config, settle
from migrasafe.errors import InputError, did_you_mean
from migrasafe.findings import Severity
from migrasafe.lint import LintOptions, LintResult
from migrasafe.lint import lint as lint_histories
from migrasafe.migrations.model import History
from migrasafe.report import FORMATS, write_report
from migrasafe.rules.context import Rule
from migrasafe.rules.registry import RULES
from migrasafe.suppress import BAD, UNUSED, configured, suppress
from migrasafe.target import DEFAULT, NEWEST, OLDEST

KNOWN = frozenset((*(rule.id for rule in RULES), BAD, UNUSED))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1)
@click.option("--format", "report", type=click.Choice(tuple(FORMATS)), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False), help="Write the report to this file.")
@click.option(
    "--pg-version", type=click.IntRange(OLDEST, NEWEST), help=f"Major version of the server. [default: {DEFAULT}]"
)
@click.option(
    "--in-transaction",
    type=click.Choice(["auto", "yes", "no"]),
    help="Whether each migration runs in one transaction; auto: as its tool would. [default: auto]",
)
@click.option("--independent", is_flag=True, default=None, help="Each file stands alone: none is another's history.")
@click.option(
    "--schema", metavar="FILE|DSN", help="The schema before the first migration: pg_dump --schema-only, or a server."
)
@click.option("--since", metavar="GIT_REF", help="Report only migrations added or changed since; the rest is history.")
@click.option("--down", is_flag=True, help="Lint Alembic's downgrades, newest first, after all that they take back.")
@click.option(
    "--sandbox",
    is_flag=True,
    help="Render Alembic revisions that need a database on a throw-away server (or --schema DSN).",
)
@click.option("--layout", metavar="TOOL", help="The migration tool, where the folder does not tell.")
@click.option("--select", multiple=True, metavar="RULE", help="Run only these rules (comma-separated, or repeat it).")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run these rules.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    help="Exit with 1 from this severity on. [default: error]",
)
@click.option(
    "--large-table",
    type=click.IntRange(0),
    metavar="ROWS",
    help="Tables with fewer rows are not busy (needs --schema DSN, which knows them).",
)
@click.option("--old", metavar="SOURCE", help="The app that runs now (see compat): what it does not use is no error.")
@click.option("--new", metavar="SOURCE", help="The app to deploy; the JSON report then says when.")
@click.option("--config", type=click.Path(dir_okay=False), help="This config file, not the nearest one.")
@click.option("--no-config", is_flag=True, help="Read no config file.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--fix", "fix", is_flag=True, help="Change the files where an edit suffices, and report what is left.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when nothing is found.")
def lint(
    paths: tuple[str, ...],
    *,
    report: str,
    output: str | None,
    since: str | None,
    config: str | None,
    no_config: bool,
    color: str,
    quiet: bool,
    fix: bool,
    diff: bool,
    down: bool,
    sandbox: bool,
    **said: Any,
) -> int:
    """Say which migrations are not safe to run, who has to wait or breaks, and what to do instead.

    PATHS are migration folders, files, or - for standard input; with none, what the config says, or this folder.
    Exit status: 0 fine, 1 findings at or above --fail-on, 2 the input cannot be used, 3 a bug in migrasafe.

    \b
    Examples:
      migrasafe lint db/migrations
      migrasafe lint db/migrations --since origin/main --pg-version 16
      migrasafe lint db/migrations --since origin/main --fix
      cat change.sql | migrasafe lint - --in-transaction no
    """
    # Everything made here lives until the end, and little of it is cyclic: collecting garbage would only cost time.
    gc.disable()
    settings = _settings(paths, config, said, no_config=no_config)
    if fix and diff:
        raise InputError("--fix and --diff exclude each other: give one of them")
    if (fix or diff) and "-" in settings.paths:
        raise InputError("--fix and --diff are about files: give their paths instead of -")
    if settings.new is not None and settings.old is None:
        raise InputError("--new needs --old: what the running app uses decides about findings")
    if down and settings.old is not None:
        raise InputError("--down and --old exclude each other: a downgrade is judged without the app")
    with _server_to_render_on(settings, sandbox=sandbox) as dsn:
        run = _Run(settings, since, render_on=dsn, down=down)
        if diff:
            return _show_diff(run, settings)
        result, texts = _fix(run, quiet=quiet) if fix else run.lint()
    if result.findings or _unread(result) or not quiet or output is not None:
        _write(
            write_report(report, result, texts, color=color == "always" if output is not None else wants_color(color)),
            output,
        )
    return _status(result, settings.fail_on)


@contextmanager
def _server_to_render_on(settings: Settings, *, sandbox: bool) -> Iterator[str | None]:
    """Where revisions that need a database can be run: on a scratch database of the server that --schema names, or of one
    that is started for it."""
    if not sandbox:
        yield settings.schema if settings.schema is not None and is_dsn(settings.schema) else None
        return
    from migrasafe.postgres.find_server import find_server

    server = find_server(None).start()
    try:
        yield server.dsn
    finally:
        server.stop()


class _Run:
    """The same question again and again, with other texts in the place of files."""

    def __init__(self, settings: Settings, since: str | None, *, render_on: str | None, down: bool) -> None:
        self._settings = settings
        self._since = since
        self._render_on = render_on
        self._down = down
        self._rules = _chosen(settings)
        self._schema = read_inputs.schema_before(settings.schema)

    def lint(self, unsaved: Mapping[str, str] | None = None) -> tuple[LintResult, Mapping[str, str]]:
        """What is found, without what is allowed, and the texts of the programs that SQL was rendered from."""
        settings = self._settings
        read = read_inputs.histories(settings.paths, settings.layout, unsaved or {})
        histories = read_inputs.rendered(read, self._render_on, down=self._down)
        histories = read_inputs.with_git(self._since, histories)
        options = LintOptions(
            target=settings.target,
            schema=self._schema,
            in_transaction=settings.in_transaction,
            independent=settings.independent,
            reported=read_inputs.reported(self._since, histories, down=self._down),
        )
        linted = lint_histories(histories, self._rules, options)
        if settings.old is not None:
            linted = self._settled(linted, histories, settings.old)
        texts = read_inputs.program_texts(linted)
        return without_allowed(linted, settings, texts), texts

    def _settled(self, linted: LintResult, histories: Sequence[History], old: str) -> LintResult:
        """The findings about breaking the running app, decided by what its source says."""
        from migrasafe.app.compat import CompatOptions, compat
        from migrasafe.app.settle import settle
        from migrasafe.cli.read_app_version import read_app_version

        settings = self._settings
        options = CompatOptions(target=settings.target, schema=self._schema, in_transaction=settings.in_transaction)
        app = read_app_version(old, histories)
        new = app if settings.new in (None, old) else read_app_version(settings.new or "", histories)
        return settle(linted, compat(histories, app, new, options))


def _fix(run: _Run, *, quiet: bool) -> tuple[LintResult, Mapping[str, str]]:
    from migrasafe.cli.changed_files import changed_files, text_of, write_changed
    from migrasafe.fixing import fix_all

    fixed = fix_all(lambda unsaved: run.lint(unsaved)[0], text_of)
    files = changed_files(fixed.texts)
    write_changed(files)
    if not quiet or files:
        what = (
            f"Fixed {_number(fixed.fixed, 'finding')} in {_number(len(files), 'file')}." if files else "Nothing to fix."
        )
        click.echo(what, err=True)
    return run.lint()


def _show_diff(run: _Run, settings: Settings) -> int:
    """The exit status is that of the findings as they are."""
    from migrasafe.cli.changed_files import changed_files, text_of, unified_diff
    from migrasafe.fixing import fix_all

    before, _ = run.lint()
    fixed = fix_all(lambda unsaved: run.lint(unsaved)[0], text_of)
    files = changed_files(fixed.texts)
    click.echo(unified_diff(files), nl=False)
    would = f"Would fix {fixed.fixed} of {_number(len(before.findings), 'finding')} in {_number(len(files), 'file')}."
    click.echo(would, err=True)
    return _status(before, settings.fail_on)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _settings(paths: tuple[str, ...], config: str | None, said: Mapping[str, Any], *, no_config: bool) -> Settings:
    """What the command line says, over what the config says."""
    folder = Path.cwd()
    if no_config and config is not None:
        raise InputError("--config and --no-config exclude each other: give one of them")
    file = Options() if no_config else read_config(Path(config)) if config is not None else find_config(folder)
    lists = {key: _rule_ids(said[key]) for key in ("select", "ignore")}
    settings = settle(Options(**{**said, **lists}, paths=paths or None).over(file), folder=folder)
    where = f"{file.source}: " if file.source is not None else ""
    _check_rules(lists["select"] or (), "--select: ")
    _check_rules(lists["ignore"] or (), "--ignore: ")
    _check_rules((*settings.select, *settings.ignore, *settings.severity), where)
    _check_rules([rule for one in settings.per_path for rule in one.ignore], where)
    return settings


def _rule_ids(given: Sequence[str]) -> tuple[str, ...] | None:
    return tuple(rule.strip() for words in given for rule in words.split(",") if rule.strip()) or None


def _check_rules(named: Collection[str], where: str) -> None:
    for rule in named:
        if rule not in KNOWN:
            hint = did_you_mean(rule, KNOWN, "`migrasafe rules` lists them")
            raise InputError(f"{where}there is no rule {rule}; {hint}")


def _ran(settings: Settings) -> frozenset[str]:
    """The ids of the rules that these settings run; giving a severity to one that is off by default turns it on."""
    default = frozenset((*(rule.id for rule in RULES if rule.default), BAD, UNUSED))
    return (frozenset(settings.select) or default | frozenset(settings.severity)) - frozenset(settings.ignore)


def _chosen(settings: Settings) -> tuple[Rule, ...]:
    ran = _ran(settings)
    return tuple(rule for rule in RULES if rule.id in ran)


def without_allowed(result: LintResult, settings: Settings, texts: Mapping[str, str]) -> LintResult:
    """The result without what comments and the config allow. `texts`: of the programs that SQL was rendered from."""
    ran = _ran(settings)
    migrations = []
    for migration in result.migrations:
        programs = {path: texts[path] for path in read_inputs.origins(migration) if path in texts}
        left = suppress(migration.findings, migration.scripts, KNOWN, ran=ran, rendered_from=programs)
        migrations.append(replace(migration, findings=configured(left, settings)))
    return replace(result, migrations=tuple(migrations))


def _write(report: str, output: str | None) -> None:
    if output is None:
        click.echo(report, nl=False, color=True)  # whether to colour is decided already
        return
    try:
        Path(output).write_text(report, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror or error}") from error


def _unread(result: LintResult) -> bool:
    """Whether something could not be read, so that silence about it would be false."""
    notices = (*result.notices, *(notice for migration in result.migrations for notice in migration.notices))
    return any(notice.blocking for notice in notices)


def _status(result: LintResult, fail_on: Severity | None) -> int:
    if fail_on is None:
        return 0
    worst = max((finding.severity.weight for finding in result.findings), default=0)
    if _unread(result):
        worst = max(worst, Severity.WARNING.weight)
    return 1 if worst >= fail_on.weight else 0
