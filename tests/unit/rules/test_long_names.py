"""The quick look that spares most statements the search for a name of more than 63 bytes loses none of them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from migrasafe.rules.name_too_long import _may_have_long_names

words = st.lists(st.tuples(st.sampled_from("aä語"), st.integers(1, 40)), min_size=1, max_size=2).map(
    lambda runs: "".join(letter * length for letter, length in runs)
)
blanks = st.sampled_from([" ", "\n", "  ", "\n\n"])


@given(st.lists(st.tuples(words, blanks), max_size=6))
@example([("a" * 20, " "), ("a" * 64, "\n"), ("a", "\n")])
@example([("a" * 20, " "), ("a" * 63, "\n"), ("a", "\n")])
@example([("a" * 20, " "), ("a" * 64, " "), ("a", " ")])
@example([("ä" * 20 + "a" * 23, " ")])
@example([("ä" * 20 + "a" * 24, " ")])
def test_a_long_name_is_seen_wherever_it_stands_and_a_short_one_never(parts: list[tuple[str, str]]) -> None:
    is_long = any(len(word.encode()) > 63 for word, _ in parts)
    assert _may_have_long_names("".join(word + blank for word, blank in parts)) == is_long
