"""What a rule declares about when to ask it: the registry says it as its module does, and it only spares calls."""

from __future__ import annotations

from importlib import import_module

import pytest
from msgspec.structs import replace

from migrasafe.rules.context import Rule
from migrasafe.rules.later import Later, check_of
from migrasafe.rules.page import page_ids, read_page
from migrasafe.rules.registry import RULES
from tests.pages import lint_block

# `on` and `once` stay: checks trust in the one, and by the other a rule does not say the same at each statement.
ASKED_ALWAYS = tuple(Rule(id=rule.id, check=rule.check, on=rule.on, once=rule.once) for rule in RULES)


@pytest.mark.parametrize("page_id", page_ids())
def test_rules_find_nothing_where_they_ask_not_to_be_called(page_id: str) -> None:
    page = read_page(page_id)
    for block in (*page.bad[::2], *page.good):
        assert lint_block(page, block, ASKED_ALWAYS).findings == lint_block(page, block).findings


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_the_registry_says_of_a_rule_what_its_module_says(rule: Rule) -> None:
    assert replace(rule, check=check_of(rule)) == import_module(f"migrasafe.rules.{rule.id.replace('-', '_')}").RULE


def test_no_check_is_imported_before_it_is_asked() -> None:
    assert all(isinstance(rule.check, Later) for rule in RULES)
