"""Trees become the bytes that protobuf makes of them, and the deparser reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import json_format
from postgast import deparse as their_deparse
from postgast import pg_query_pb2

import migrasafe.sql
from migrasafe.sql.deparse import deparse, deparse_expression, parse_expression
from migrasafe.sql.libpg_query import parse
from migrasafe.sql.tree_bytes import tree_bytes
from tools import dump_node_fields

SQL = Path(migrasafe.sql.__file__).parent
EVOLVE_SCRIPTS = sorted((Path(__file__).parents[2] / "postgres" / "evolve_scripts").glob("*.sql"))


def test_the_fields_are_those_of_the_parser_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    dump_node_fields.main()
    assert (SQL / "node_fields.json").read_text(encoding="utf-8") == capsys.readouterr().out


@pytest.mark.parametrize("script", EVOLVE_SCRIPTS, ids=lambda script: str(script.stem))
def test_statements_are_written_as_protobuf_would_have_them(script: Path) -> None:
    for statement in parse(script.read_text(encoding="utf-8")):
        tree = {"version": 180000, "stmts": [{"stmt": statement["stmt"]}]}
        assert deparse(statement["stmt"]) == their_deparse(json_format.ParseDict(tree, pg_query_pb2.ParseResult()))


@pytest.mark.parametrize(
    "tree",
    [
        {"Integer": {"ival": -1}},
        {"Integer": {"ival": 2**31 - 1}},
        {"String": {"sval": "ä" * 200}},
        {"Boolean": {"boolval": True}},
        {"List": {"items": [{}, {"List": {}}, {"String": {"sval": ""}}]}},
        {"SelectStmt": {"op": "SETOP_UNION", "limitOption": 2, "all": False}},
        {"IndexStmt": {"idxname": "i", "tableSpace": "t", "reset_default_tblspc": True}},
        {"A_Const": {"isnull": True, "location": 7}},
    ],
    ids=str,
)
def test_every_kind_of_value(tree: dict[str, dict[str, object]]) -> None:
    """As protobuf reads them: the order of fields and the values that it leaves out are free."""
    name, fields = next(iter(tree.items()))
    message = getattr(pg_query_pb2, name)
    assert message.FromString(tree_bytes(name, fields)) == json_format.ParseDict(fields, message())


def test_a_long_chain_is_written() -> None:
    chain = " || ".join(f"a{number}" for number in range(300))
    assert deparse_expression(parse_expression(chain)).count("||") == 299


def test_what_is_too_deep_is_refused() -> None:
    chain = " || ".join(f"a{number}" for number in range(600))
    with pytest.raises(ValueError, match="cannot be written back as SQL: it is nested too deeply"):
        deparse_expression(parse_expression(chain))


@pytest.mark.parametrize(
    "tree", [{"NoStmt": {}}, {"SelectStmt": {"nothing": 1}}, {"SelectStmt": {"op": "SETOP_NEVER"}}]
)
def test_what_the_parser_does_not_have_is_refused(tree: dict[str, dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="has no"):
        deparse(tree)
