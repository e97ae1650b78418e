"""Comments allow the findings that they are about, and no others."""

from __future__ import annotations

import pytest

from migrasafe.findings import Finding, Place, Severity
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.suppress import suppress

KNOWN = frozenset({"drop-column-in-use", "drop-table-in-use", "missing-lock-timeout", "bad-allow", "unused-allow"})


def script(text: str) -> Script:
    return read_script(Source(path="0007.sql", text=text))


def found(line: int, rule: str = "drop-column-in-use", path: str = "0007.sql") -> Finding:
    place = Place(path=path, line=line, column=1, end_line=line, end_column=5)
    return Finding(rule=rule, severity=Severity.ERROR, place=place, message="The running app fails.")


def left(text: str, *findings: Finding) -> list[str]:
    return [one.rule for one in suppress(findings, [script(text)], KNOWN)]


def test_a_comment_above_the_statement_allows_its_finding():
    text = "-- migrasafe: allow drop-column-in-use because nobody reads it\nALTER TABLE orders DROP COLUMN note;\n"
    assert left(text, found(2)) == []


def test_other_comments_and_empty_lines_may_stand_between():
    text = (
        "-- migrasafe: allow drop-column-in-use because unused\n\n-- since 2.4\nALTER TABLE orders DROP COLUMN note;\n"
    )
    assert left(text, found(4)) == []


def test_a_comment_on_the_line_of_the_statement_allows_its_finding():
    text = "ALTER TABLE orders DROP COLUMN note; -- migrasafe: allow drop-column-in-use because nobody reads it\n"
    assert left(text, found(1)) == []


def test_a_comment_behind_a_statement_is_not_about_the_next_one():
    text = "SELECT 1; -- migrasafe: allow drop-column-in-use because x\nALTER TABLE orders DROP COLUMN note;\n"
    assert left(text, found(2)) == ["unused-allow", "drop-column-in-use"]


def test_a_comment_above_an_action_is_about_that_action_only():
    text = (
        "ALTER TABLE orders\n  DROP COLUMN a,\n"
        "  -- migrasafe: allow drop-column-in-use because nobody reads b\n  DROP COLUMN b;\n"
    )
    kept = suppress([found(2), found(4)], [script(text)], KNOWN)
    assert [one.place.line for one in kept] == [2]


def test_a_block_comment_will_do():
    text = (
        "/* migrasafe: allow drop-column-in-use\n   because nobody reads it */\nALTER TABLE orders DROP COLUMN note;\n"
    )
    assert left(text, found(3)) == []


def test_allow_file_covers_every_line():
    text = (
        "-- migrasafe: allow-file drop-column-in-use because the app is off\nSELECT 1;\nALTER TABLE o DROP COLUMN a;\n"
    )
    assert left(text, found(3)) == []


def test_one_comment_can_allow_several_rules():
    text = (
        "-- migrasafe: allow drop-column-in-use, missing-lock-timeout because the app is off\n"
        "ALTER TABLE o DROP COLUMN a;\n"
    )
    assert left(text, found(2), found(2, "missing-lock-timeout")) == []


def test_a_comment_that_allows_nothing_is_a_finding():
    text = "-- migrasafe: allow drop-column-in-use, drop-table-in-use because unused\nALTER TABLE o DROP COLUMN a;\n"
    (unused,) = suppress([found(2)], [script(text)], KNOWN)
    assert (unused.rule, unused.severity, unused.place.line) == ("unused-allow", Severity.WARNING, 1)
    assert "drop-table-in-use" in unused.message


def test_a_rule_that_did_not_run_makes_no_comment_unused():
    text = "-- migrasafe: allow drop-column-in-use because nobody reads it\nSELECT 1;\n"
    assert suppress([], [script(text)], KNOWN, ran=KNOWN - {"drop-column-in-use"}) == ()


def test_text_in_a_string_is_not_a_comment():
    assert left("SELECT '-- migrasafe: allow drop-column-in-use because x';\n", found(1)) == ["drop-column-in-use"]


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("allow drop-colum-in-use because unused", "did you mean drop-column-in-use?"),
        ("allow drop-column-in-use", "it gives no reason"),
        ("allow drop-column-in-use because", "it gives no reason"),
        ("allow drop-column-in-use nobody reads it", "it gives no reason"),
        ("allow drop-column-in-use: unused", "is not understood"),
        ("ignore drop-column-in-use because unused", "is not understood"),
        ("allow because unused", "there is no rule because"),
    ],
)
def test_a_comment_with_a_mistake_is_a_finding_and_allows_nothing(comment, complaint):
    kept = suppress([found(2)], [script(f"-- migrasafe: {comment}\nALTER TABLE o DROP COLUMN a;\n")], KNOWN)
    assert [one.rule for one in kept] == ["bad-allow", "drop-column-in-use"]
    assert complaint in kept[0].message


REVISION = """\
def upgrade():
    # migrasafe: allow drop-column-in-use because nobody reads it
    op.drop_column("orders", "note")
    op.drop_column("orders", "state")  # migrasafe: allow drop-column-in-use because the app is off
    op.drop_column("orders", "total")
"""


def test_comments_of_a_python_file_are_about_the_operation_below_or_beside_them():
    findings = [found(line, path="rev.py") for line in (3, 4, 5)]
    kept = suppress(findings, [], KNOWN, rendered_from={"rev.py": REVISION})
    assert [one.place.line for one in kept] == [5]


def test_a_mistake_in_a_python_comment_is_shown_where_it_stands():
    (bad,) = suppress([], [], KNOWN, rendered_from={"rev.py": "x = 1\n    # migrasafe: allow everything\n"})
    assert (bad.rule, bad.place.line, bad.place.column) == ("bad-allow", 2, 5)
