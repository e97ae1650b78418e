"""`migrasafe lint`: reads the migrations, lints them, prints a report."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from migrasafe.config import Options, find_config, read_config
from migrasafe.errors import InputError
from migrasafe.findings import Severity
from migrasafe.lint import LintOptions, LintResult, lint as lint_histories
from migrasafe.migrations.model import History, Migration
from migrasafe.rules.context import Rule
from migrasafe.rules.registry import RULES
from migrasafe.schema.model import Schema
from migrasafe.suppress import BAD, UNUSED, suppress
from migrasafe.target import DEFAULT, NEWEST, OLDEST, Target

_FLOORS = {"error": Severity.ERROR.weight, "warning": Severity.WARNING.weight}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1)
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Write the report here.")
@click.option("--pg-version", type=click.IntRange(OLDEST, NEWEST), help=f"Major version of the server. [default: {DEFAULT}]")
@click.option(
    "--in-transaction",
    type=click.Choice(["auto", "yes", "no"]),
    help="Whether each migration runs in one transaction; auto: as its tool would.",
)
@click.option("--independent", is_flag=True, help="Each file stands alone: none is another's history.")
@click.option("--schema", help="The catalog before the first migration: a file of pg_dump --schema-only, or a DSN.")
@click.option("--since", metavar="GIT_REF", help="Report only migrations added or changed since; the rest is history.")
@click.option("--layout", help="The migration tool, where the folder does not tell.")
@click.option("--select", multiple=True, metavar="RULE", help="Run only these rules.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run these rules.")
@click.option("--fail-on", type=click.Choice(["error", "warning", "never"]), help="[default: error]")
@click.option("--large-table", type=click.IntRange(0), metavar="ROWS", help="Smaller tables are not busy (needs --schema DSN).")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="This config file, not the nearest one.")
@click.option("--no-config", is_flag=True, help="Read no config file.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def lint(
    paths: tuple[str, ...],
    *,
    output_format: str,
    output: str | None,
    pg_version: int | None,
    in_transaction: str | None,
    independent: bool,
    schema: str | None,
    since: str | None,
    layout: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    large_table: int | None,
    config: str | None,
    no_config: bool,
    color: str,
) -> int:
    """Say which migrations are not safe to run, who has to wait or breaks, and what to do instead.

    PATHS are migration folders, files, or - for standard input; with none, what the config says, or this folder.

    \b
    Examples:
      migrasafe lint db/migrations
      migrasafe lint db/migrations --since origin/main --pg-version 16
      cat change.sql | migrasafe lint - --in-transaction no
    """
    options = _options(config, no_config=no_config)
    rules = _chosen(select or options.select or (), ignore or options.ignore or ())
    version = pg_version or options.pg_version
    target = Target(
        pg_version=version or DEFAULT,
        pg_version_assumed=version is None,
        busy_rows=large_table if large_table is not None else options.large_table or 0,
    )
    transaction = {"auto": None, "yes": True, "no": False}[in_transaction or options.in_transaction or "auto"]
    histories = _read(paths or _configured_paths(options), layout or options.layout)
    lint_options = LintOptions(
        target=target,
        schema=_schema(schema or options.schema),
        in_transaction=transaction,
        independent=independent,
        reported=_reported(since, histories),
    )
    result = _without_allowed(lint_histories(histories, rules, lint_options))
    _write(_render(result, output_format, color=_wants_color(color, output)), output)
    return _status(result, fail_on or options.fail_on or "error")


def _options(config: str | None, *, no_config: bool) -> Options:
    if no_config:
        return Options()
    return read_config(Path(config)) if config else find_config(Path.cwd())


def _configured_paths(options: Options) -> tuple[str, ...]:
    """Paths of a config are relative to it."""
    if options.paths is None or options.source is None:
        return (".",)
    return tuple(os.path.relpath(options.source.parent / path) for path in options.paths)


def _read(paths: Sequence[str], layout: str | None) -> tuple[History, ...]:
    from migrasafe.migrations.read import read_history

    stdin = None
    if "-" in paths:
        from migrasafe.sql.source import source_from_bytes

        stdin = source_from_bytes(sys.stdin.buffer.read(), "<stdin>").text
    return read_history(paths, layout=layout, stdin=stdin)


def _schema(given: str | None) -> Schema:
    if given is None:
        return Schema()
    if "://" in given or "=" in given:
        from migrasafe.postgres.connect import connect
        from migrasafe.postgres.introspect import load_schema

        with connect(given) as connection:
            return load_schema(connection)
    from migrasafe.schema.load import schema_from_script
    from migrasafe.sql.parse import read_script
    from migrasafe.sql.source import read_source

    return schema_from_script(read_script(read_source(Path(given))))


def _chosen(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    known = [rule.id for rule in RULES]
    for name in (*select, *ignore):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "`migrasafe rules` lists them"
            raise InputError(f"there is no rule {name}; {hint}")
    if select:
        return tuple(rule for rule in RULES if rule.id in select and rule.id not in ignore)
    return tuple(rule for rule in RULES if rule.default and rule.id not in ignore)


def _reported(since: str | None, histories: Sequence[History]) -> Callable[[Migration], bool]:
    if since is None:
        return lambda _: True
    from migrasafe.cli.since import changed_since

    changed = changed_since(since, [Path(migration.path) for history in histories for migration in history.migrations])

    def is_changed(migration: Migration) -> bool:
        return Path(migration.path).resolve() in changed

    return is_changed


def _without_allowed(result: LintResult) -> LintResult:
    known = frozenset((*(rule.id for rule in RULES), UNUSED, BAD))
    return replace(
        result,
        migrations=tuple(
            replace(migration, findings=suppress(migration.findings, migration.scripts, known))
            for migration in result.migrations
        ),
    )


def _wants_color(color: str, output: str | None) -> bool:
    if color != "auto":
        return color == "always"
    return output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _render(result: LintResult, output_format: str, *, color: bool) -> str:
    if output_format == "json":
        from migrasafe.report import json as json_report

        return json_report.render(result)
    from migrasafe.report import text

    return text.render(result, color=color)


def _write(report: str, output: str | None) -> None:
    if output is None:
        click.echo(report, nl=False)
        return
    try:
        Path(output).write_text(report, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror or error}") from error


def _status(result: LintResult, fail_on: str) -> int:
    floor = _FLOORS.get(fail_on)
    if floor is None:
        return 0
    worst = max((finding.severity.weight for finding in result.findings), default=0)
    unread = any(notice.blocking for migration in result.migrations for notice in migration.notices)
    if unread or any(notice.blocking for notice in result.notices):
        worst = max(worst, Severity.WARNING.weight)
    return 1 if worst >= floor else 0
