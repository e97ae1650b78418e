"""Edits change what they say and nothing else, in a stated order, and never work on each other's text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from migrasafe.edits import edited, next_round
from migrasafe.findings import Edit, Finding, Fix, FixKind, Place, Severity
from migrasafe.sql.source import Source

TEXTS = st.text(alphabet=st.sampled_from("ab;\n\r\t 'ü\u2028\x0b😀"), max_size=40)


def edit(source: Source, start: int, end: int, replacement: str, path: str = "a.sql") -> Edit:
    line, column = source.position(start)
    end_line, end_column = source.position(end)
    place = Place(path=path, line=line, column=column, end_line=end_line, end_column=end_column)
    return Edit(place=place, replacement=replacement)


def finding(rule: str, *edits: Edit) -> Finding:
    fix = Fix(kind=FixKind.EDIT, replacement=edits[-1].replacement, edits=edits)
    return Finding(rule=rule, severity=Severity.ERROR, place=edits[-1].place, message="", fix=fix)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), TEXTS), max_size=5))
def test_everything_outside_the_edits_stays_to_the_character(text, wanted):
    source = Source(path="a.sql", text=text)
    edits, expected, end = [], [], 0
    for start, length, replacement in sorted(wanted):
        if end < start <= len(text) or (start == 0 and not edits):
            expected.extend([text[end:start], replacement])
            end = min(start + length, len(text))
            edits.append(edit(source, start, end, replacement))
    assert edited(text, edits[::-1]) == "".join([*expected, text[end:]])


@given(TEXTS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8), st.sampled_from("xyz")), max_size=6))
def test_fixes_of_one_round_do_not_touch_each_other(text, wanted):
    source = Source(path="a.sql", text=text)
    places = [(min(start, len(text)), min(start + length, len(text)), rule) for start, length, rule in wanted]
    findings = [finding(rule, edit(source, start, end, "n")) for start, end, rule in places]
    chosen = next_round(findings)
    assert {one.rule for one in chosen.findings} <= {min(findings, key=_order).rule} if findings else True
    spans = sorted(
        (one.place.line, one.place.column, one.place.end_line, one.place.end_column) for one in chosen.findings
    )
    distinct = sorted(set(spans))
    for before, after in pairwise(distinct):
        assert before[2:] < after[:2]


def _order(one: Finding) -> tuple[int, int, str]:
    return one.place.line, one.place.column, one.rule


def test_of_two_that_touch_the_first_one_wins():
    source = Source(path="a.sql", text="abcdef")
    first, second = finding("x", edit(source, 0, 3, "1")), finding("x", edit(source, 3, 4, "2"))
    assert next_round([second, first]).findings == (first,)


def test_a_mark_that_two_fixes_want_is_put_in_once():
    source = Source(path="a.sql", text="abcdef")
    mark = edit(source, 0, 0, "M")
    fixes = [finding("x", mark, edit(source, 1, 2, "1")), finding("x", mark, edit(source, 4, 5, "2"))]
    assert edited("abcdef", next_round(fixes).edits["a.sql"]) == "Ma1cd2f"


def test_what_is_put_in_where_text_is_replaced_comes_before_it():
    source = Source(path="a.sql", text="abc")
    fix = finding("x", edit(source, 0, 0, "M"), edit(source, 0, 2, "N"))
    assert edited("abc", next_round([fix]).edits["a.sql"]) == "MNc"


def test_files_are_fixed_beside_each_other_whatever_their_rules():
    source = Source(path="a.sql", text="abc")
    fixes = [finding("x", edit(source, 0, 1, "1")), finding("y", edit(source, 0, 1, "1", path="b.sql"))]
    assert len(next_round(fixes).findings) == 2
