"""A schema as lines of text, one for each thing, so that two of them can be compared."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from migrasafe.postgres.connect import connect, run

_QUESTION = (Path(__file__).parents[1] / "sql" / "catalog_lines.sql").read_text(encoding="utf-8")

Lines = Counter[str]


def catalog_lines(dsn: str) -> Lines:
    """Everything in the schemas of a database but migrasafe's own."""
    with connect(dsn) as session:
        run(session, "SET search_path = ''")  # so that every name is said in full
        return Counter(" ".join(str(line).split()) for (line,) in run(session, _QUESTION))


def differences(wanted: Lines, found: Lines) -> tuple[str, ...]:
    """What is missing (`- …`) and what is there beyond it (`+ …`)."""
    missing = (f"- {line}" for line in sorted((wanted - found).elements()))
    beyond = (f"+ {line}" for line in sorted((found - wanted).elements()))
    return (*missing, *beyond)
