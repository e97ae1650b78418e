"""Lines that are longer than a terminal."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrasafe.report.hanging import filled, hanging


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("short", "short"),
        (
            "  expand      1 step watched; taken back and run again; 6 queries taken",
            "  expand      1 step watched; taken back\n              and run again; 6 queries\n              taken",
        ),
        (
            "        SHARE on public.orders (writers wait); 2.2 ms",
            "        SHARE on public.orders (writers\n          wait); 2.2 ms",
        ),
        (
            "  open  verify-1    Build the index and be done",
            "  open  verify-1    Build the index and\n                    be done",
        ),
        ("words without a label in front of them, so two", "words without a label in front of them,\n  so two"),
    ],
)
def test_what_does_not_fit_goes_below_as_far_in_as_its_words(line: str, shown: str) -> None:
    assert hanging(line, 40) == shown


def test_words_are_never_torn() -> None:
    assert hanging("x" * 50, 40) == "x" * 50


@given(st.text(alphabet="ab-é ", max_size=60).map(str.strip), st.integers(1, 30))
def test_words_fill_lines_as_textwrap_has_them(line: str, width: int) -> None:
    assert filled(line, width) == textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
