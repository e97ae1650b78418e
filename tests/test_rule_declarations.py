"""What a rule declares about when to ask it only spares calls: asked about everything, it finds nothing more."""

from __future__ import annotations

import pytest

from migrasafe.rules.context import Rule
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
