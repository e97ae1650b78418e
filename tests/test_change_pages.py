"""Every change that can be planned has its page, whose example is planned by it, in SQL and in words, and its test on servers."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from migrasafe.plan.read.changes import Wanted, read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tools.change_pages import CATEGORIES, in_words, modules, page_ids, plan_of, read_page, wanted_by

every_page = pytest.mark.parametrize("page_id", page_ids())


def test_every_module_of_a_change_has_a_page_and_every_page_a_module() -> None:
    assert page_ids() == modules()


@every_page
def test_the_example_of_a_page_is_planned_by_its_module(page_id: str) -> None:
    page = read_page(page_id)
    assert page.facts.category in CATEGORIES
    assert page.module in modules_of(wanted_by(page, page.migration))


@every_page
def test_words_ask_for_the_same_as_the_migration_of_the_page(page_id: str) -> None:
    page = read_page(page_id)
    if page.facts.words is not None:
        told = [plan_of(page, migration) for migration in (in_words(page), page.migration)]
        assert [phase.title for phase in told[0].phases] == [phase.title for phase in told[1].phases]


@every_page
def test_cases_on_servers_are_planned_by_the_module_of_the_page(page_id: str) -> None:
    page = read_page(page_id)
    assert page.facts.tested
    for place in page.facts.tested:
        module, _, name = place.partition(": ")
        found = importlib.import_module(f"tests.postgres.plans.{module}")
        cases: Mapping[str, Any] = found.CASES
        schema = schema_from_script(read_script(Source(path="setup.sql", text=found.SETUP)))
        case = cases[name]
        script = read_script(Source(path="migration.sql", text=case.migration))
        wanted = read_changes(script, schema, getattr(case, "hints", Hints()))
        assert page.module in modules_of(wanted), place


def modules_of(wanted: Iterable[Wanted]) -> set[str]:
    return {type(one.change).__module__.rpartition(".")[2] for one in wanted}
