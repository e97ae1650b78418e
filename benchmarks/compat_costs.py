"""What compat costs on an app of many lines, beside the least that any such program has to do (least.py), and beside grep."""

from __future__ import annotations

import sys
from pathlib import Path

from made_up_app import write_app, write_migrations
from measured import tool
from turns import Bench, Compared

NOTES = """\
The app is made up (benchmarks/made_up_app.py): three of four lines have nothing to do with a database; it is the old and the new
version at once. *The least* is one process that reads every file, parses Python with `ast`, looks for string literals with one
regular expression, and parses what looks like SQL with PostgreSQL's parser. grep only reads."""


def compat_costs(bench: Bench, folder: Path, *, lines: int) -> list[Compared]:
    migrations = folder / "migrations"
    migrations.mkdir()
    write_migrations(migrations)
    commands, written = {}, {}
    for name, wanted in (("half", lines // 2), ("whole", lines)):
        app = folder / name
        app.mkdir()
        written[name] = write_app(app, wanted)
        command = [tool("migrasafe") or "migrasafe", "compat", str(migrations), "--no-config", "--format", "json"]
        commands[name] = [*command, "--old", str(app), "--new", str(app), "--from", "0002"]
    whole = str(folder / "whole")
    peers = {
        "the least": [sys.executable, str(Path(__file__).with_name("least.py")), whole],
        f"itself, {written['half']:,} lines": commands["half"],
        "grep -rE for SELECT, INSERT …": ["grep", "-rEc", "SELECT|INSERT|UPDATE|DELETE", whole],
    }
    return bench.compare(f"an app of {written['whole']:,} lines", commands["whole"], peers, is_long=True)
