"""Whatever DDL people write, `plan` has a plan for it or says why not: each statement of the scripts that the schema's evolution
is measured with, over the schema that it finds there."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.migrations.model import Migration, Part, TransactionMode
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.merge import draft_of
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.rules.context import Step
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from migrasafe.walk import Walk

SCRIPTS = sorted(Path(__file__).parents[2].glob("postgres/evolve_scripts/*.sql"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_statement_is_planned_or_refused(path: Path) -> None:
    target = Target(pg_version=18, pg_version_assumed=False)
    script = read_script(Source(path=path.name, text=path.read_text(encoding="utf-8")))
    part = Part(script=script, wrapped=TransactionMode.NONE)
    steps: list[Step] = []
    Walk(Migration(id="m", path="m.sql", parts=(part,)), 0, Schema(), target=target).run(steps.append)
    refused = 0
    for step in steps:
        if step.situation.in_body:
            continue
        statement = step.statement.span
        alone = read_script(Source(path="m.sql", text=script.source.text[statement.start : statement.end]))
        try:
            draft_of(read_changes(alone, step.schema, Hints()), Ground(schema=step.schema, target=target, id="r1"))
        except NoPlanError:
            refused += 1
    assert refused < len(steps)
