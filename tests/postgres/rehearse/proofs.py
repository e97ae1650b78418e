"""The plans that a rehearsal has to prove: every case of the plan tests, and some that those tell in another way.

A module of tests/postgres/plans with SETUP and CASES, each with a `migration`, perhaps with `hints`, is in the list by itself.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module

from migrasafe.plan.read.hints import Hints, hints_of
from tests.postgres import plans
from tests.postgres.plans import test_bad_rows, test_carry_over, test_odometer


@dataclass(frozen=True, kw_only=True)
class Proof:
    setup: str
    migration: str
    hints: Hints = Hints()  # noqa: RUF009 – a frozen value
    quiet_seconds: float | None = None


def _told() -> Iterator[tuple[str, Proof]]:
    """Those of the plan tests, under the names of their modules."""
    for found in pkgutil.iter_modules(plans.__path__):
        if found.name == "test_strange_names":
            continue  # it takes its cases from here
        module = import_module(f"{plans.__name__}.{found.name}")
        if found.name.startswith("test_") and hasattr(module, "CASES") and hasattr(module, "SETUP"):
            about = found.name.removeprefix("test_").replace("_", " ")
            for name, case in module.CASES.items():
                if name in getattr(module, "NEEDS_TABLESPACE", ()):
                    continue
                yield (
                    f"{about}: {name}",
                    Proof(setup=module.SETUP, migration=case.migration, hints=getattr(case, "hints", Hints())),
                )


_CARRIED = test_carry_over.SETUP
_BORN = test_bad_rows.SETUP, test_bad_rows.MIGRATION
_REPLACED = test_odometer.REPLACED

_DECIDED = {
    "values under traffic: texts get shorter": "lossy=default:'cut'",
    "values under traffic: numbers have fewer digits": "lossy=reject",
    "values under traffic: numbers get smaller": "lossy=null",
}
"""Somebody decides about what does not fit: made-up values do not, and by hand is not an answer here."""


def _decided(name: str, proof: Proof) -> Proof:
    return replace(proof, hints=hints_of(bad_rows=[_DECIDED[name]])) if name in _DECIDED else proof


PROOFS = {name: _decided(name, proof) for name, proof in _told()} | {
    "bad rows: rejected": Proof(
        setup=_BORN[0], migration=_BORN[1], hints=hints_of(bad_rows=["unreadable=reject", "lossy=default:-1"])
    ),
    "bad rows: null": Proof(
        setup=_BORN[0], migration=_BORN[1], hints=hints_of(bad_rows=["unreadable=null", "lossy=null"])
    ),
    "odometer: of a rename": Proof(setup=test_odometer.SETUP, migration=test_odometer.RENAME, quiet_seconds=0),
    "odometer: of a split": Proof(
        setup=test_odometer.SETUP, migration=_REPLACED[0], hints=_REPLACED[1], quiet_seconds=0
    ),
    "carry over: a rename": Proof(setup=_CARRIED, migration="ALTER TABLE docs RENAME COLUMN body TO content"),
    "carry over: a type": Proof(setup=_CARRIED, migration="ALTER TABLE docs ALTER COLUMN size TYPE bigint"),
    "carry over: an identity key": Proof(
        setup=test_carry_over.KEYS, migration="ALTER TABLE shelves ALTER COLUMN id TYPE bigint"
    ),
    "the app writes both": Proof(setup=test_odometer.SETUP, migration=test_odometer.RENAME, hints=Hints(way="app")),
}
