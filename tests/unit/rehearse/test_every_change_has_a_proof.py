"""No change can be planned that a rehearsal never proves."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from migrasafe.plan import changes
from migrasafe.plan.read.changes import read_changes
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.postgres.rehearse.proofs import PROOFS, Proof


def planners() -> set[str]:
    """The names of all values that plan a change."""
    modules = [import_module(f"{changes.__name__}.{one.name}") for one in pkgutil.iter_modules(changes.__path__)]
    return {
        name
        for module in modules
        for name, one in vars(module).items()
        if isinstance(one, type) and one.__module__ == module.__name__ and "plan" in vars(one) and name != "Change"
    }


NOT_REHEARSED = {"MoveIndex": "a rehearsal has no tablespaces; test_names_and_settings carries it out on a server"}


def used_by(proof: Proof) -> set[str]:
    schema = schema_from_script(read_script(Source(path="setup.sql", text=proof.setup)))
    script = read_script(Source(path="migration.sql", text=proof.migration))
    return {type(one.change).__name__ for one in read_changes(script, schema, proof.hints)}


def test_every_planner_of_a_change_has_a_plan_that_is_proved() -> None:
    proved = {name for proof in PROOFS.values() for name in used_by(proof)}
    missing = planners() - proved - NOT_REHEARSED.keys()
    assert not missing, f"no case in tests/postgres/plans proves {', '.join(sorted(missing))}: see CONTRIBUTING.md"
    assert len(proved) > 15
