"""Which phase shows which models: what is deployed in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from migrasafe.plan.app_code.model import Mapped
from migrasafe.plan.app_code.write_django import django_model
from migrasafe.plan.app_code.write_sqlalchemy import sqlalchemy_model
from migrasafe.plan.model import AppCode, Phase, PhaseName


def with_code(phases: Sequence[Phase], tables: Sequence[Mapped]) -> tuple[Phase, ...]:
    """The phases with the models of the versions that are deployed in them: with a flag for what is read, as long as a
    column has two names."""
    if not tables or not phases:
        return tuple(phases)
    found = list(phases)
    deploys = [place for place, phase in enumerate(phases) if phase.deploy]
    first = deploys[0] if deploys else len(phases) - 1
    for place, phase in enumerate(phases):
        code: list[AppCode] = []
        if place == first:
            code += _versions(tables, at_the_end=False)
        if _is_last(phases, place, first) and any(_is_twice(table) for table in tables):
            code += _versions([table for table in tables if _is_twice(table)], at_the_end=True)
        if code:
            found[place] = replace(phase, code=tuple(code))
    return tuple(found)


def _is_last(phases: Sequence[Phase], place: int, first: int) -> bool:
    """Where the version without the old names may be deployed: in a later deployment, else with what goes for good."""
    later = [at for at, phase in enumerate(phases) if phase.deploy and at > first]
    contract = [at for at, phase in enumerate(phases) if phase.name is PhaseName.CONTRACT]
    return place == (later or contract or [len(phases) - 1])[0]


def _versions(tables: Sequence[Mapped], *, at_the_end: bool) -> Iterator[AppCode]:
    for table in tables:
        title = "the new version"
        if _is_twice(table):
            last = "one name" if table.kept else "the new columns"
            title = f"the version after it, which knows {last} only" if at_the_end else "the new version, with its flag"
        yield AppCode(orm="SQLAlchemy", title=title, code=sqlalchemy_model(table, at_the_end=at_the_end))
        yield AppCode(orm="Django", title=title, code=django_model(table, at_the_end=at_the_end))


def _is_twice(table: Mapped) -> bool:
    return bool(table.kept) or table.worked is not None
