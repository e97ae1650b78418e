"""The options of `migrasafe lint`, in the sections of its help: as values, which `words.py` reads without click."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from migrasafe.report import FORMATS
from migrasafe.target import DEFAULT, NEWEST, OLDEST


class Option(Struct, frozen=True):
    """What can be given, and what may follow it."""

    name: str
    key: str = ""
    """What the setting is called; as the option, where this is empty."""
    short: str = ""
    flag: bool = False
    """Whether nothing follows it."""
    many: bool = False
    """Whether it can be given again."""
    choices: tuple[str, ...] = ()
    least: int | None = None
    """Of a number."""
    most: int | None = None
    file: bool = False
    default: str | int | None = None
    """Where it is not given; None: what the config says."""
    shown: bool = False
    """Whether help adds the default."""
    completed: Literal["layouts", "rules", ""] = ""
    """What a shell may complete it with."""
    metavar: str | None = None
    help: str | None = None

    @property
    def setting(self) -> str:
        return self.key or self.name.removeprefix("--").replace("-", "_")


def flag(name: str, *, help: str, short: str = "") -> Option:
    """One that is off unless it is given."""
    return Option(name, short=short, flag=True, default=False, help=help)


SECTIONS: tuple[tuple[str, tuple[Option, ...]], ...] = (
    (
        "What is read",
        (
            Option(
                "--layout",
                metavar="TOOL",
                completed="layouts",
                help="The migration tool, where the folder does not tell.",
            ),
            Option("--independent", flag=True, help="Each file stands alone: none is another's history."),
            Option(
                "--schema",
                metavar="FILE|DSN",
                help="The schema before the first migration: pg_dump --schema-only, or a server.",
            ),
            flag(
                "--sandbox",
                help="Render Alembic revisions that need a database on a throw-away server (or --schema DSN).",
            ),
            flag(
                "--no-exec",
                help="Run none of the project's code: read of Alembic revisions what is written out, and say what is not.",
            ),
            Option(
                "--old", metavar="SOURCE", help="The app that runs now (see compat): what it does not use is no error."
            ),
            Option("--new", metavar="SOURCE", help="The app to deploy; the JSON report then says when."),
            Option("--config", file=True, help="This config file, not the nearest one."),
            flag("--no-config", help="Read no config file."),
            flag("--no-cache", help="Read all of the history, not what an earlier run found out about it."),
            Option(
                "--jobs",
                least=1,
                metavar="N",
                help="Judge a large folder by so many processes at once. [default: 2 from 2,000 migrations on, else 1]",
            ),
        ),
    ),
    (
        "Where it will run",
        (
            Option(
                "--pg-version",
                least=OLDEST,
                most=NEWEST,
                help=f"Major version of the server. [default: {DEFAULT}]",
            ),
            Option(
                "--in-transaction",
                choices=("auto", "yes", "no"),
                help="Whether each migration runs in one transaction; auto: as its tool would. [default: auto]",
            ),
            Option(
                "--large-table",
                least=0,
                metavar="ROWS",
                help="Tables with fewer rows are not busy (needs --schema DSN, which knows them).",
            ),
        ),
    ),
    (
        "What is reported",
        (
            Option(
                "--since",
                metavar="GIT_REF",
                help="Report only migrations added or changed since; the rest is history.",
            ),
            flag(
                "--staged",
                help="Read what is staged in git, not what the files say now; without PATHS, report what is staged.",
            ),
            flag(
                "--with-history",
                help="PATHS are changed files: report only those that are migrations; the others of their folders are history.",
            ),
            Option(
                "--baseline",
                metavar="FILE",
                help="Do not report what this file knows; say what of it is fixed. [default: migrasafe-baseline.json, if it is "
                "there]",
            ),
            flag("--no-baseline", help="Report what a baseline knows too."),
            flag(
                "--write-baseline",
                help="Write what is found into the baseline, and report nothing.",
            ),
            flag("--down", help="Lint Alembic's downgrades, newest first, after all that they take back."),
            Option(
                "--select",
                many=True,
                metavar="RULE",
                completed="rules",
                help="Run only these rules (comma-separated, or repeat it).",
            ),
            Option("--ignore", many=True, metavar="RULE", completed="rules", help="Do not run these rules."),
            Option(
                "--fail-on",
                choices=("error", "warning", "info", "never"),
                help="Exit with 1 from this severity on. [default: error]",
            ),
        ),
    ),
    (
        "What is changed",
        (
            flag("--fix", help="Change the files where an edit suffices, and report what is left."),
            flag("--diff", help="Show what --fix would change, and change nothing."),
        ),
    ),
    (
        "How it is reported",
        (
            Option(
                "--format",
                "report",
                metavar="FORMAT",
                choices=tuple(FORMATS),
                default="text",
                shown=True,
                help=f"One of {', '.join(FORMATS)}.",
            ),
            Option(
                "--output",
                "outputs",
                many=True,
                metavar="FILE|FORMAT=FILE",
                help="Write the report to this file (- is standard output); as FORMAT=FILE, which can be repeated, beside the report "
                "on the screen.",
            ),
            flag("--statistics", help="Count the findings by rule, in the place of the text report."),
            flag("--show-allowed", help="List what comments allow and why, in the place of the findings."),
            flag("--explain-config", help="Show every setting and who says so, and lint nothing."),
            Option("--color", choices=("auto", "always", "never"), default="auto", shown=True),
            flag("--quiet", short="-q", help="Print nothing when nothing is found."),
        ),
    ),
)
