"""What lint would say of a tool's migrations, as a comment in each that says why it is fine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrasafe.migrations.model import Migration, Part
from migrasafe.plan.output.allow import OF_GATES, OF_WINDOWS, REASON_BACK, WAY_BACK, allowance, reason_of
from migrasafe.plan.output.model import ALLOWED, Output, Run
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from migrasafe.walk import Walk

_IN_A_LATER_FILE = frozenset(("foreign-key-without-index",))
"""What another migration of the plan sees to."""


def with_allowances(output: Output, schema: Schema, target: Target) -> Mapping[str, str]:
    """The files of the tool, ready to be written. `schema`: before the plan."""
    said: dict[str, str] = {}
    for place, run in enumerate(output.runs, start=-len(output.runs)):  # below 0: over, when the next one is looked at
        migration = _migration(run)
        if run.down:
            comment = allowance(migration, (), schema, target, WAY_BACK, REASON_BACK)
        else:
            harmless = OF_GATES | OF_WINDOWS | _IN_A_LATER_FILE
            comment = allowance(migration, (), schema, target, harmless, reason_of(run.phase))
            walk = Walk(migration, place, schema, target=target)
            walk.run()
            schema = walk.schema
        said[run.file] = f"{output.comment}{comment}\n" if comment else ""
    return {name: text.replace(f"{ALLOWED}\n", said.get(name, "")) for name, text in output.files.items()}


def terminated(statements: Iterable[str]) -> str:
    """The statements as a script."""
    return "\n".join(f"{statement};" for statement in statements) + "\n"


def _migration(run: Run) -> Migration:
    script = read_script(Source(path=run.file, text=terminated(run.statements)))
    return Migration(id=run.file, path=run.file, parts=(Part(script=script, wrapped=run.transaction),))
