"""What compat costs on an app of many lines, beside the least that any such program has to do, and beside grep.

The least is one process that reads every file, parses Python with `ast`, looks for string literals with one regular expression,
and parses what looks like SQL with PostgreSQL's parser: python benchmarks/compat_costs.py APP
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from made_up_app import write_app, write_migrations
from measured import tool
from turns import Bench, Compared

NOTES = """\
The app is made up (benchmarks/made_up_app.py): three of four lines have nothing to do with a database; it is the old and the new
version at once. *The least* is one process that reads every file, parses Python with `ast`, looks for string literals with one
regular expression, and parses what looks like SQL with PostgreSQL's parser. grep only reads."""
LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\s", re.IGNORECASE)


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
        "the least": [sys.executable, __file__, whole],
        f"itself, {written['half']:,} lines": commands["half"],
        "grep -rE for SELECT, INSERT …": ["grep", "-rEc", "SELECT|INSERT|UPDATE|DELETE", whole],
    }
    return bench.compare(f"an app of {written['whole']:,} lines", commands["whole"], peers, is_long=True)


def least(folder: Path) -> int:
    """Reads and parses what any program has to; how many queries there are."""
    from migrasafe.sql.libpg_query import ParserError, parse

    found = 0
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        for literal in _literals(path, text):
            if SQL.match(literal):
                try:
                    parse(re.sub(r":(\w+)", "$1", literal))
                    found += 1
                except ParserError:
                    continue
    return found


def _literals(path: Path, text: str) -> Iterator[str]:
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    else:
        for match in LITERAL.finditer(text):
            yield match[0][1:-1]


if __name__ == "__main__":
    print(least(Path(sys.argv[1])))
