"""The text report points at the right characters, whatever they are, and stays short."""

from __future__ import annotations

import time

from msgspec import structs
from msgspec.structs import replace as changed

from migrasafe.findings import Finding, Fix, FixKind, Place, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.locks import LockMode
from migrasafe.migrations.model import Notice
from migrasafe.report.text import render, render_findings
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Origin
from migrasafe.sql.source import Source
from migrasafe.target import Target

PLACE = Place(path="0007.sql", line=1, column=1, end_line=1, end_column=2)
FINDING = Finding(rule="drop-table-in-use", severity=Severity.ERROR, place=PLACE, message="The running app fails.")


def about(text: str, *findings: Finding) -> LintedMigration:
    script = read_script(Source(path="0007.sql", text=text))
    return LintedMigration(
        path="0007.sql", id="0007", transaction=True, statements=1, findings=findings, scripts=(script,)
    )


def shown(text: str, start: tuple[int, int], end: tuple[int, int]) -> list[str]:
    """The excerpt of a finding that goes from one line and column to another."""
    place = changed(PLACE, line=start[0], column=start[1], end_line=end[0], end_column=end[1])
    lines = render_findings(about(text, changed(FINDING, place=place))).split("\n")
    return lines[1 : lines.index("  The running app fails.")]


def test_carets_stand_under_exactly_the_span():
    assert shown("SELECT 1; DROP TABLE orders;", (1, 11), (1, 28)) == [
        "  1 | SELECT 1; DROP TABLE orders;",
        "    |           ^^^^^^^^^^^^^^^^^",
    ]


def test_tabs_are_shown_as_spaces_and_carets_follow():
    assert shown("\tDROP\tTABLE orders;", (1, 2), (1, 6)) == [
        "  1 |     DROP    TABLE orders;",
        "    |     ^^^^",
    ]


def test_wide_characters_take_two_columns_and_combining_ones_none():
    assert shown('DROP TABLE "名前"; SELECT 2', (1, 12), (1, 16)) == [
        '  1 | DROP TABLE "名前"; SELECT 2',
        "    |            ^^^^^^",
    ]
    assert shown("DROP TABLE e\u0301t; SELECT 2", (1, 12), (1, 15))[1] == "    |            ^^"


def test_characters_that_move_a_cursor_are_not_printed():
    (line, _) = shown("DROP TABLE \x1b[31mx\u202e;", (1, 1), (1, 5))
    assert line == "  1 | DROP TABLE \N{REPLACEMENT CHARACTER}[31mx\N{REPLACEMENT CHARACTER};"


def test_windows_line_ends_are_not_printed():
    assert shown("SELECT 1;\r\nDROP TABLE orders;\r\n", (2, 1), (2, 18))[0] == "  2 | DROP TABLE orders;"


def test_a_statement_of_a_few_lines_is_shown_whole():
    assert shown("DROP TABLE\n  a,\n  b;", (1, 1), (3, 4)) == ["  1 | DROP TABLE", "  2 |   a,", "  3 |   b;"]


def test_of_a_long_statement_the_middle_is_left_out():
    text = "UPDATE orders SET\n" + ",\n".join(f"  c{number} = 1" for number in range(100)) + ";"
    assert shown(text, (1, 1), (101, 10)) == [
        "    1 | UPDATE orders SET",
        "    2 |   c0 = 1,",
        "    3 |   c1 = 1,",
        "      | …",
        "  101 |   c99 = 1;",
    ]


def test_a_very_long_line_is_cut():
    (line, carets) = shown("DROP TABLE " + "a" * 5000, (1, 1), (1, 5012))
    assert len(line) < 180
    assert len(carets) < 180


def test_a_place_outside_of_the_file_is_shown_without_excerpt():
    assert shown("SELECT 1;", (99, 1), (99, 2)) == []


def test_everything_a_finding_says_is_printed_in_order():
    finding = changed(
        FINDING,
        lock=LockMode.SHARE,
        work="index build",
        assumed=("orders has rows",),
        help="Build it concurrently.",
        fix=Fix(kind=FixKind.EDIT, replacement="CREATE INDEX CONCURRENTLY i\n  ON t (a)"),
    )
    assert render_findings(about("DROP TABLE orders;", finding)).split("\n")[3:] == [
        "  The running app fails.",
        "  lock: SHARE · work: index build",
        "  assumed: orders has rows",
        "  instead: Build it concurrently.",
        "    CREATE INDEX CONCURRENTLY i",
        "      ON t (a);",
        "  more: migrasafe explain drop-table-in-use",
        "",
    ]


def test_prose_is_wrapped_and_sql_is_not():
    sql = "ALTER TABLE orders ADD CONSTRAINT " + "x" * 100
    finding = changed(FINDING, message="word " * 40, fix=Fix(kind=FixKind.PLAN, steps=sql))
    lines = render_findings(about("DROP TABLE orders;", finding)).split("\n")
    assert f"    {sql}" in lines
    assert all(len(line) <= 88 for line in lines if "word" in line)


def test_a_finding_in_a_program_shows_its_line_and_the_sql_that_it_makes():
    script = read_script(Source(path="rev.py", text="DROP TABLE orders;\nDROP TABLE lines;"))
    script = script.with_statements(script.statements, (Origin(path="rev.py", line=2), Origin(path="rev.py", line=2)))
    place = changed(PLACE, path="rev.py", line=2, end_line=2, end_column=1)
    migration = structs.replace(about("", changed(FINDING, place=place)), scripts=(script,))
    program = 'def upgrade():\n    op.drop_table("orders")\n'
    assert render_findings(migration, {"rev.py": program}).split("\n")[:6] == [
        "error[drop-table-in-use] rev.py:2:1",
        '  2 |     op.drop_table("orders")',
        "    |     ^^^^^^^^^^^^^^^^^^^^^^^",
        "  which runs:",
        "    DROP TABLE orders",
        "    … and 1 more",
    ]


def test_the_summary_counts_and_says_what_was_assumed():
    warning = changed(FINDING, severity=Severity.WARNING)
    result = LintResult(target=Target(), migrations=(about("DROP TABLE orders;", FINDING, FINDING, warning),))
    assert render(result).endswith(
        "\n\n2 errors, 1 warning in 1 migration, 1 statement, for PostgreSQL 15 (assumed: set --pg-version).\n"
    )


def test_what_could_not_be_read_is_said_first_and_in_the_summary():
    notice = Notice(path="rev.py", line=7, message="needs a server to be rendered", blocking=True)
    report = render(LintResult(target=Target(), migrations=(), notices=(notice,)))
    assert report.startswith("not checked: rev.py:7\n  needs a server to be rendered\n")
    assert "; 1 place could not be checked, see above." in report


def test_a_note_that_goes_on_and_on_is_cut_but_never_one_about_what_was_not_checked():
    message = "stubbed: " + "module, " * 500
    notices = tuple(Notice(path="rev.py", line=7, message=message, blocking=blocking) for blocking in (False, True))
    report = render(LintResult(target=Target(), migrations=(), notices=notices))
    note, unchecked, _ = report.split("\n\n")
    assert (note.count("module"), unchecked.count("module")) == (48, 500)
    assert "… (--format json has all of it)" in " ".join(note.split())


def test_sql_that_hangs_behind_its_first_line_in_a_program_is_moved_to_the_left():
    fix = Fix(kind=FixKind.PLAN, steps="ALTER TABLE a\n            ADD b int,\n              ADD c int")
    lines = render_findings(about("DROP TABLE orders;", changed(FINDING, fix=fix))).split("\n")
    assert lines[5:8] == ["    ALTER TABLE a", "    ADD b int,", "      ADD c int"]


def test_ten_thousand_findings_take_no_more_time_each_than_a_few():
    text = "DROP TABLE orders;\n" * 10_000
    places = [changed(PLACE, line=line, end_line=line, end_column=18) for line in range(1, 10_001)]
    migration = about(text, *(changed(FINDING, place=place) for place in places))
    start = time.process_time()
    render_findings(migration)
    assert time.process_time() - start < 5
