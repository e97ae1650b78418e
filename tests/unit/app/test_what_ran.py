"""Exports of pg_stat_statements and server logs become the queries that ran."""

from __future__ import annotations

import json

import pytest

from migrasafe.app.query_files.statistics import StatisticsRow, app_from_statistics
from migrasafe.app.query_files.what_ran import scan_what_ran
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.errors import InputError

ROWS = [
    {"userid": 10, "query": 'SELECT "id" FROM orders\nWHERE note = $1', "calls": 1200, "toplevel": True},
    {"userid": 10, "query": "UPDATE orders SET total = $1", "calls": 1, "toplevel": True},
    {"userid": 10, "query": "DELETE FROM inside_of_a_function", "calls": 9, "toplevel": False},
    {"userid": 11, "query": "<insufficient privilege>", "calls": 5, "toplevel": True},
    {"userid": 10, "query": "BEGIN", "calls": 7, "toplevel": True},
]
EXPORTS = {
    "csv": 'userid,query,calls,toplevel\n10,"SELECT ""id"" FROM orders\nWHERE note = $1",1200,t\n'
    "10,UPDATE orders SET total = $1,1,t\n10,DELETE FROM inside_of_a_function,9,f\n11,<insufficient privilege>,5,t\n10,BEGIN,7,t\n",
    "semicolons": 'calls;query\r\n1200;"SELECT ""id"" FROM orders\nWHERE note = $1"\r\n1;UPDATE orders SET total = $1\r\n',
    "json": json.dumps(ROWS),
    "indented json": json.dumps(ROWS, indent=4),
    "json lines": "\n".join(json.dumps(row) for row in ROWS),
}
LOGS = {
    "stderr": (
        '2026-01-01 10:00:00.000 UTC [77] LOG:  statement: SELECT "id" FROM orders\n\tWHERE note = $1\n'
        "2026-01-01 10:00:00.000 UTC [77] LOG:  duration: 0.047 ms\n"
        "2026-01-01 10:00:01.000 UTC [77] ERROR:  relation does not exist\n"
        "2026-01-01 10:00:01.000 UTC [77] STATEMENT:  SELECT nothing FROM failed\n"
        "2026-01-01 10:00:02.000 UTC [78] LOG:  execute <unnamed>: UPDATE orders SET total = $1\n"
        "2026-01-01 10:00:02.000 UTC [78] DETAIL:  parameters: $1 = '5'\n"
    ),
    "durations of a provider": (
        "2026-01-01 10:00:00 UTC:10.0.0.9(5432):app@shop:[77]:LOG:  duration: 0.1 ms  parse <unnamed>: SELECT 1\n"
        '2026-01-01 10:00:00 UTC:10.0.0.9(5432):app@shop:[77]:LOG:  duration: 3.2 ms  statement: SELECT "id" FROM orders\n'
        "\tWHERE note = $1\n"
        "2026-01-01 10:00:00 UTC:10.0.0.9(5432):app@shop:[77]:LOG:  duration: 3.2 ms  execute a: UPDATE orders SET total = $1\n"
    ),
    "syslog": (
        'Jan  1 10:00:00 db postgres[77]: [3-1] LOG:  statement: SELECT "id" FROM orders\n'
        "Jan  1 10:00:00 db postgres[77]: [3-2] #011WHERE note = $1\n"
        "Jan  1 10:00:00 db postgres[77]: [4-1] LOG:  statement: UPDATE orders SET total = $1\n"
    ),
    "csvlog": "".join(
        f'2026-01-01 10:00:00.000 UTC,"app","shop",77,"[local]",6a.4d,1,"idle",2026-01-01 10:00:00 UTC,3/4,0,LOG,00000,'
        f'"{message}",,,,,,,,,"psql","client backend",,0\n'
        for message in (
            'statement: SELECT ""id"" FROM orders\nWHERE note = $1',
            "duration: 1 ms",
            "execute <unnamed>: UPDATE orders SET total = $1",
        )
    ),
    "jsonlog": "".join(
        json.dumps({"timestamp": "2026-01-01", "pid": 7, "error_severity": "LOG", "message": message}) + "\n"
        for message in (
            'statement: SELECT "id" FROM orders\nWHERE note = $1',
            "execute x: UPDATE orders SET total = $1",
        )
    ),
}


def scan(text: str) -> FileScan:
    return scan_what_ran(SourceText("ran", text))


@pytest.mark.parametrize("text", [*EXPORTS.values(), *LOGS.values()], ids=[*EXPORTS, *LOGS])
def test_each_statement_that_ran_is_a_query_with_its_places(text: str) -> None:
    found = scan(text)
    assert not found.unread
    select, update = found.queries
    assert " ".join(select.sql.split()) == 'SELECT "id" FROM orders WHERE note = $1'
    assert update.sql == "UPDATE orders SET total = $1"
    for query, word in ((select, "orders"), (select, "note"), (update, "total")):
        place = query.position(query.sql.index(word))
        assert text.split("\n")[place.line - 1][place.column - 1 :].startswith(word)


def test_calls_are_told_and_statements_that_differ_in_constants_are_one() -> None:
    assert [query.name for query in scan(EXPORTS["csv"]).queries] == ["ran 1,200 times", "ran once"]
    log = "".join(f"t [1] LOG:  statement: SELECT a FROM b WHERE c = {n} AND d = 'x{n}'\n" for n in range(5))
    assert [(query.name, query.location.line) for query in scan(log).queries] == [("ran 5 times", 1)]


def test_a_statement_with_a_name_is_prepared() -> None:
    assert [query.prepared for query in scan(LOGS["durations of a provider"]).queries] == [None, True]
    assert [query.prepared for query in scan(LOGS["stderr"]).queries] == [None, False]


def test_rows_of_a_server_are_an_app() -> None:
    app = app_from_statistics(
        [StatisticsRow("SELECT 1\n", 5), StatisticsRow("SELECT a FROM b", 2)], "db, database shop"
    )
    assert [(query.sql, str(query.location)) for query in app.queries][1] == ("SELECT a FROM b", "db, database shop:3")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "hello\nworld\n", "{", '[{"x": 1}]', '[{"query": 1}]', "\0"])
def test_a_file_that_is_neither_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^ran: "):
        scan(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('query,calls\n"SELECT 1",2\n"SELECT 2', 3),
        (LOGS["csvlog"] + LOGS["csvlog"].partition("FROM")[0], 5),
        (LOGS["jsonlog"] + LOGS["jsonlog"].splitlines()[0][:-9], 3),
    ],
    ids=["export", "csvlog", "jsonlog"],
)
def test_a_file_that_was_cut_off_is_refused_with_the_line(text: str, line: int) -> None:
    with pytest.raises(InputError, match=rf"^ran:{line}: .*(never ends|not whole JSON)"):
        scan(text)
