"""Findings per 100 migrations of real projects, by severity, beside squawk's on the same SQL.

    python benchmarks/findings.py PROJECT… [--pg-version 15]

PROJECT is a folder of migrations in any layout, with a name for the table before it where the path does not tell:
`lemmy=/src/lemmy/migrations`. squawk reads one file for each migration, with the SQL that its tool runs and rendered for
Alembic, and is told whether the tool runs it in a transaction. Its rules give no severity: they are sorted here by what
they are about. Needs squawk on the PATH or in this Python's bin folder; without it only our own figures are shown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrasafe.errors import MigrasafeError
from migrasafe.findings import Severity
from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.migrations.read import read_history
from migrasafe.rules.registry import RULES
from migrasafe.target import Target

TIMEOUT_RULES = frozenset({"require-lock-timeout", "require-statement-timeout", "require-timeout-settings"})
STYLE_RULES = frozenset(
    {
        "ban-char-field",
        "identifier-too-long",
        "prefer-bigint-over-int",
        "prefer-bigint-over-smallint",
        "prefer-identity",
        "prefer-repack",
        "prefer-robust-stmts",
        "prefer-text-field",
        "prefer-timestamp-tz",
        "require-table-schema",
        "unused-ignore",
    }
)
"""squawk's advice on types, names and running a file again; its other rules are about safety."""
FILES_PER_RUN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool on one project: how many findings of each kind, and in how many migrations there was one that counts."""

    migrations: int
    kinds: Counter[str]
    flagged: int

    def per_hundred(self, kind: str) -> str:
        return f"{100 * self.kinds[kind] / self.migrations:.1f}" if self.migrations else "-"

    @property
    def flagged_share(self) -> str:
        return f"{100 * self.flagged / self.migrations:.0f} %" if self.migrations else "-"

    def and_(self, other: Row) -> Row:
        return Row(
            migrations=self.migrations + other.migrations,
            kinds=self.kinds + other.kinds,
            flagged=self.flagged + other.flagged,
        )


def ours(histories: Sequence[History], target: Target) -> Row:
    """Our findings with the rules that run by default, the first migration on an empty database."""
    result = lint(histories, [rule for rule in RULES if rule.default], LintOptions(target=target))
    kinds = Counter(finding.severity.value for finding in result.findings)
    flagged = sum(
        any(finding.severity is Severity.ERROR for finding in migration.findings) for migration in result.migrations
    )
    return Row(migrations=len(result.migrations), kinds=kinds, flagged=flagged)


def theirs(histories: Sequence[History], squawk: str, target: Target) -> Row:
    """What squawk finds in the same migrations."""
    kinds: Counter[str] = Counter()
    flagged: set[str] = set()
    migrations = [migration for history in histories for migration in history.migrations]
    with tempfile.TemporaryDirectory() as name:
        for in_transaction in (True, False):
            files = [
                _write(Path(name), number, migration)
                for number, migration in enumerate(migrations)
                if _runs_in_transaction(migration) == in_transaction
            ]
            options = ["--reporter", "json", "--pg-version", f"{target.pg_version}.0"]
            options += ["--assume-in-transaction"] if in_transaction else ["--no-assume-in-transaction"]
            for start in range(0, len(files), FILES_PER_RUN):
                done = subprocess.run(
                    [squawk, *options, *files[start : start + FILES_PER_RUN]],
                    cwd=name,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode not in (0, 1):
                    sys.exit(f"squawk failed: {done.stderr.strip()}")
                for one in json.loads(done.stdout or "[]"):
                    kind = _kind(one["rule_name"])
                    kinds[kind] += 1
                    if kind == "safety":
                        flagged.add(one["file"])
    return Row(migrations=len(migrations), kinds=kinds, flagged=len(flagged))


def _kind(rule: str) -> str:
    if rule in TIMEOUT_RULES:
        return "timeout"
    if rule == "syntax-error":
        return "not read"
    return "style" if rule in STYLE_RULES else "safety"


def _runs_in_transaction(migration: Migration) -> bool:
    return any(part.transaction is not TransactionMode.NONE for part in migration.parts)


def _write(folder: Path, number: int, migration: Migration) -> str:
    name = f"{number:05d}.sql"
    statements = [
        part.script.source.text[statement.span.start : statement.span.end]
        for part in migration.parts
        for statement in part.script.statements
    ]
    text = "".join(f"{statement};\n" for statement in statements)  # of files that hold both ways, the way up
    (folder / name).write_text(text, encoding="utf-8")
    return name


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/findings.py", description=__doc__.partition("\n")[0])
    parser.add_argument("project", nargs="+", help="a folder of migrations, or NAME=FOLDER")
    parser.add_argument("--pg-version", type=int, default=15, metavar="MAJOR")
    options = parser.parse_args(arguments)
    target = Target(pg_version=options.pg_version)
    beside = Path(sys.executable).parent / "squawk"
    squawk = str(beside) if beside.exists() else shutil.which("squawk")
    print("findings per 100 migrations; flagged: migrations with an error, or with a safety finding of squawk\n")
    print(
        "| project | migrations | error | warning | info | flagged | squawk: safety | timeout | style | not read | flagged |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    nothing = Row(migrations=0, kinds=Counter(), flagged=0)
    all_ours, all_theirs = nothing, nothing
    for given in options.project:
        name, _, path = given.rpartition("=")
        try:
            histories = read_history([path])
        except MigrasafeError as error:
            print(error, file=sys.stderr)
            return 2
        one = ours(histories, target)
        other = theirs(histories, squawk, target) if squawk else nothing
        all_ours, all_theirs = all_ours.and_(one), all_theirs.and_(other)
        print(_line(name or path, one, other), flush=True)
    if len(options.project) > 1:
        print(_line("all", all_ours, all_theirs))
    return 0


def _line(name: str, one: Row, other: Row) -> str:
    cells = [name, str(one.migrations)]
    cells += [one.per_hundred(kind) for kind in ("error", "warning", "info")]
    cells += [one.flagged_share]
    cells += [other.per_hundred(kind) for kind in ("safety", "timeout", "style", "not read")]
    cells += [other.flagged_share]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
