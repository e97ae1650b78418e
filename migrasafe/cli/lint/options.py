"""The options of `migrasafe lint`, in the sections of its help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from migrasafe.cli.completion import layouts, rule_ids
from migrasafe.cli.sections import option, section
from migrasafe.report import FORMATS
from migrasafe.target import DEFAULT, NEWEST, OLDEST

_SECTIONS = (
    section(
        "What is read",
        option(
            "--layout",
            metavar="TOOL",
            shell_complete=layouts,
            help="The migration tool, where the folder does not tell.",
        ),
        option("--independent", is_flag=True, default=None, help="Each file stands alone: none is another's history."),
        option(
            "--schema",
            metavar="FILE|DSN",
            help="The schema before the first migration: pg_dump --schema-only, or a server.",
        ),
        option(
            "--sandbox",
            is_flag=True,
            help="Render Alembic revisions that need a database on a throw-away server (or --schema DSN).",
        ),
        option(
            "--no-exec",
            is_flag=True,
            help="Run none of the project's code: read of Alembic revisions what is written out, and say what is not.",
        ),
        option("--old", metavar="SOURCE", help="The app that runs now (see compat): what it does not use is no error."),
        option("--new", metavar="SOURCE", help="The app to deploy; the JSON report then says when."),
        option("--config", type=click.Path(dir_okay=False), help="This config file, not the nearest one."),
        option("--no-config", is_flag=True, help="Read no config file."),
        option("--no-cache", is_flag=True, help="Read all of the history, not what an earlier run found out about it."),
        option(
            "--jobs",
            type=click.IntRange(1),
            default=1,
            metavar="N",
            help="Judge a large folder by so many processes at once. [default: 1]",
        ),
    ),
    section(
        "Where it will run",
        option(
            "--pg-version",
            type=click.IntRange(OLDEST, NEWEST),
            help=f"Major version of the server. [default: {DEFAULT}]",
        ),
        option(
            "--in-transaction",
            type=click.Choice(["auto", "yes", "no"]),
            help="Whether each migration runs in one transaction; auto: as its tool would. [default: auto]",
        ),
        option(
            "--large-table",
            type=click.IntRange(0),
            metavar="ROWS",
            help="Tables with fewer rows are not busy (needs --schema DSN, which knows them).",
        ),
    ),
    section(
        "What is reported",
        option(
            "--since",
            metavar="GIT_REF",
            help="Report only migrations added or changed since; the rest is history.",
        ),
        option(
            "--staged",
            is_flag=True,
            help="Read what is staged in git, not what the files say now; without PATHS, report what is staged.",
        ),
        option(
            "--with-history",
            is_flag=True,
            help="PATHS are changed files: report only those that are migrations; the others of their folders are history.",
        ),
        option(
            "--baseline",
            metavar="FILE",
            help="Do not report what this file knows; say what of it is fixed. [default: migrasafe-baseline.json, if it is there]",
        ),
        option("--no-baseline", is_flag=True, help="Report what a baseline knows too."),
        option(
            "--write-baseline",
            is_flag=True,
            help="Write what is found into the baseline, and report nothing.",
        ),
        option("--down", is_flag=True, help="Lint Alembic's downgrades, newest first, after all that they take back."),
        option(
            "--select",
            multiple=True,
            metavar="RULE",
            shell_complete=rule_ids,
            help="Run only these rules (comma-separated, or repeat it).",
        ),
        option("--ignore", multiple=True, metavar="RULE", shell_complete=rule_ids, help="Do not run these rules."),
        option(
            "--fail-on",
            type=click.Choice(["error", "warning", "info", "never"]),
            help="Exit with 1 from this severity on. [default: error]",
        ),
    ),
    section(
        "What is changed",
        option("--fix", "fix", is_flag=True, help="Change the files where an edit suffices, and report what is left."),
        option("--diff", is_flag=True, help="Show what --fix would change, and change nothing."),
    ),
    section(
        "How it is reported",
        option(
            "--format",
            "report",
            metavar="FORMAT",
            type=click.Choice(tuple(FORMATS)),
            default="text",
            show_default=True,
            help=f"One of {', '.join(FORMATS)}.",
        ),
        option(
            "--output",
            "outputs",
            multiple=True,
            metavar="FILE|FORMAT=FILE",
            help="Write the report to this file (- is standard output); as FORMAT=FILE, which can be repeated, beside the report "
            "on the screen.",
        ),
        option("--statistics", is_flag=True, help="Count the findings by rule, in the place of the text report."),
        option("--show-allowed", is_flag=True, help="List what comments allow and why, in the place of the findings."),
        option("--explain-config", is_flag=True, help="Show every setting and who says so, and lint nothing."),
        option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
        option("--quiet", "-q", is_flag=True, help="Print nothing when nothing is found."),
    ),
)


def lint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds all of them."""
    for add in reversed(_SECTIONS):
        command = add(command)
    return command
