"""What PostgreSQL would do, were these statements run now: asked of the same prediction that lint stands on."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.effects.model import Work
from migrasafe.migrations.model import Migration, Part, TransactionMode
from migrasafe.rules.context import Step as Judged
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from migrasafe.walk import Walk


def foresee(
    statements: Sequence[str], schema: Schema, target: Target, *, place: int = 1, alone: bool = False
) -> tuple[list[Judged], Schema]:
    """Each statement with its effects, and the schema after the last. `alone`: outside a transaction; `place`: after how
    many others, since what this one makes is new to it."""
    source = Source(path="plan", text=";\n".join(statements) + ";\n")
    mode = TransactionMode.NONE if alone else TransactionMode.ONE
    migration = Migration(id=str(place), path=source.path, parts=(Part(script=read_script(source), wrapped=mode),))
    walk = Walk(migration, place, schema, target=target)
    found: list[Judged] = []
    walk.run(found.append)
    return found, walk.schema


def work_of(statements: Sequence[str], schema: Schema, target: Target) -> tuple[Work, ...]:
    """The work of the statements of one transaction whose time grows with the table."""
    found, _ = foresee(statements, schema, target)
    return tuple(work for one in found for work in one.effects.work)
