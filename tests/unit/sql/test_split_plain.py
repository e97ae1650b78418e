"""The short way through a plain statement cuts a text as the long way does."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrasafe.sql.split import _Splitter
from migrasafe.sql.statements import Span

PIECES = st.sampled_from(
    [
        *("select 1", "a", " ", "\n", ";", ";", "(", ")", "'x'", "''", "'a;b'", "'('", "'\\'", "E'\\''", '"n;"', '"'),
        *(
            "'",
            "-- c\n",
            "--",
            "/* c */",
            "/*",
            "$$ ; $$",
            "$t$;$t$",
            "a$b$",
            "\\echo hi\n",
            "copy t from stdin;\n1\n\\.\n",
        ),
        *(
            "create function f() begin atomic select 1; end",
            "create or replace rule r do (a; b)",
            "copy",
            ":x",
            "-",
            "/",
            "é",
            "\t",
        ),
    ]
)


class LongWay(_Splitter):
    def _plain_statement(self) -> bool:
        return False


@settings(max_examples=600)
@given(st.lists(PIECES, max_size=14).map("".join))
@example(")create or replace rule r do (a; b)")
@example("a ;b\n; ;c")
@example("create or replace function f() returns int begin atomic select 1; select 2; end; select 3;")
def test_a_plain_statement_is_cut_the_same_both_ways(text: str) -> None:
    span = Span(0, len(text))
    assert _Splitter(text, span).run() == LongWay(text, span).run()
