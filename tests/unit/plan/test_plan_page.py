"""plan.html: one file that asks nothing of anybody, and shows what others wrote as text."""

from __future__ import annotations

import re

from migrasafe.plan.model import Phase, PhaseName, Plan, Step
from migrasafe.plan.output.write_plan import PAGE, plan_files
from migrasafe.schema.model import Schema
from tests.html_names import check_names


def page(title: str = "rename a") -> str:
    step = Step(id="expand-1", title="<b>x</b>", statements=("SELECT '<script>'",), done="true", loses="it all")
    phase = Phase(name=PhaseName.EXPAND, title="one & two", old_app="a < b", new_app="", steps=(step,))
    plan = Plan(id="r1", title=title, pg_version=15, tables=("public.a",), phases=(phase,))
    return plan_files(plan, Schema())[PAGE]


def test_no_request_leaves_the_page() -> None:
    text = page()
    assert not re.search(r"https?:|//|\bsrc=|@import|url\(", text.replace("<!doctype html>", ""))
    assert "default-src 'none'" in text


def test_all_of_it_can_be_reached_with_a_keyboard_and_has_a_name() -> None:
    check_names(page())


def test_names_and_sql_are_text() -> None:
    text = page("rename <i>a</i>")
    assert "<script>" not in text
    assert "<b>x</b>" not in text
    assert "rename &lt;i&gt;a&lt;/i&gt;" in text
    assert "one &amp; two" in text
