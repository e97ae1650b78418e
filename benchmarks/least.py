"""The least that a program has to do which reads SQL: a file of it, or all that is in an app. Imports nothing but the parser.

    python benchmarks/least.py DUMP.sql | APP

Of an app every file is read, Python is parsed with `ast`, string literals are looked for with one regular expression, and what
looks like SQL is parsed with PostgreSQL's parser.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from migrasafe.sql.libpg_query import ParserError, parse

LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\s", re.IGNORECASE)


def app(folder: Path) -> int:
    """How many queries there are."""
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
    given = Path(sys.argv[1])
    if given.is_dir():
        print(app(given))
    else:
        parse(given.read_text(encoding="utf-8"))
