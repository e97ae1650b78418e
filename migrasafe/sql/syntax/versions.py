"""Syntax that PostgreSQL 12 does not know: the parser speaks 18, the server may not.

From the release notes of 13 to 18, https://www.postgresql.org/docs/release/; tests run each on the version before it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from migrasafe.regex import regex
from migrasafe.sql.expressions import walk
from migrasafe.sql.lexer import Kind, tokens
from migrasafe.sql.syntax import functions as new_functions
from migrasafe.sql.syntax import of_statements as statements
from migrasafe.sql.syntax import of_tables as tables
from migrasafe.sql.syntax import options as syntax_options

Fields = Mapping[str, Any]


class NewSyntax(NamedTuple):
    feature: str
    since: int
    """The first major version that reads it."""
    function: str = ""
    """The name of the function that it is, if it is one."""


_WORDS_OF_SYNTAX = """
ACCESS ANALYZE ATOMIC CLUSTER COLLATION COMPRESSION COPY CURRENT_ROLE CYCLE DATABASE DEPENDS DETACH
DISTINCT ENFORCED EXPLAIN EXPRESSION FINALIZE FORCE FOREIGN GENERATED GRANT INCLUDING INHERIT JSON
JSON_ARRAY JSON_ARRAYAGG JSON_EXISTS JSON_OBJECT JSON_OBJECTAGG JSON_QUERY JSON_SCALAR JSON_SERIALIZE JSON_TABLE
JSON_VALUE LOCAL LOGGED LOGIN MERGE NORMALIZE NORMALIZED NULLS OPERATOR OVERLAPS PARTITION PERIOD
PRIVILEGES PROCEDURE PUBLICATION REINDEX REPLACE RETURN RETURNING REVOKE SEARCH STATISTICS STORAGE SUBSCRIPTION
SYSTEM_USER TABLESPACE TIES UNLOGGED VACUUM XMLSERIALIZE
"""
_HINTS = frozenset(word.encode() for word in (*_WORDS_OF_SYNTAX.split(), *syntax_options.WORDS, *new_functions.WORDS))
"""Words of which newer syntax has one: most texts have none, and finding that out is much quicker than a walk."""
_SHOUTED = bytes(
    ord(one.upper()) if one.isascii() and (one.isalnum() or one == "_") else ord(" ") for one in map(chr, range(256))
)
"""Small letters as capitals, and a blank for what is in no word."""
_DIGITS = bytes.maketrans(b"123456789OB", b"000000000XX")
_NUMERIC = frozenset({b"NUMERIC", b"DECIMAL", b"DEC"})
_NOT_ALONE = _HINTS | _NUMERIC | {b"NULL", b"DELETE", b"VIEW"}
"""The hints, and words that are one together with another."""
_ODD_SCALE = regex(
    r"""\b(?:NUMERIC|DECIMAL|DEC)\b"?\s*+(?=[-/(])(?!\(\s*(?:\d+|[1-9]\d+\s*,\s*\d|[4-9]\s*,\s*[0-4])\s*\))"""
)
"""A numeric whose scale may be below zero or above its precision: all but `(10)`, `(12, 2)` and the like."""


def may_be_newer(text: str) -> bool:
    """Whether a text may hold newer syntax: no statement of it does where this is False."""
    # In bytes this takes a third of the time that it takes in characters, and it is done for every text.
    shouted = text.encode("utf-8", "replace").translate(_SHOUTED)
    words = shouted.split()
    return (
        (not _NOT_ALONE.isdisjoint(words) and _tell(set(words), text))
        or b"_OPS" in shouted
        or (b"FROM" in shouted and "(" in text.upper().partition("FROM")[2])
        or _has_newer_number(text, shouted)
    )


def _tell(words: set[bytes], text: str) -> bool:
    """Whether words of newer syntax are among these, alone or in company."""
    return (
        not words.isdisjoint(_HINTS)
        or (b"NULL" in words and not words.isdisjoint((b"ADD", b"CONSTRAINT", b"DELETE")))
        or (b"SET" in words and b"DELETE" in words)
        or (b"VIEW" in words and b"RENAME" in words)
        or (not words.isdisjoint(_NUMERIC) and _ODD_SCALE.search(text.upper()) is not None)
    )


def _has_newer_number(text: str, shouted: bytes) -> bool:
    digits = shouted.translate(_DIGITS)
    return (b"0_0" in digits or b"0X" in digits) and _NEWER_NUMBER.search(text.upper()) is not None


def newer_syntax(text: str, tree: Fields) -> tuple[NewSyntax, ...]:
    """What in a statement needs a newer PostgreSQL than 12."""
    if not may_be_newer(text):
        return ()
    found = {NewSyntax(*one): None for one in _told_by_tokens(text)}
    for kind, fields in walk(tree):
        check = _CHECKS.get(kind)
        if check is not None:
            found.update({NewSyntax(*one): None for one in check(fields)})
        if kind == "FuncCall" and (function := _new_function(fields)) is not None:
            found[function] = None
        if kind in syntax_options.STATEMENTS:
            found.update({NewSyntax(*one): None for one in syntax_options.of_statement(kind, fields)})
    if "RuleStmt" in tree.get("stmt", tree):  # there, old and new are the rows of the rule
        found = {one: None for one in found if one.feature != "old and new in RETURNING"}
    return tuple(found)


_Found = Iterator[tuple[str, int]]


def _new_function(call: Fields) -> NewSyntax | None:
    names = [str(item.get("String", {}).get("sval", "")) for item in call.get("funcname", [])]
    since = new_functions.NEW_FUNCTIONS.get(names[-1]) if names else None
    if since is None or names[:-1] not in ([], ["pg_catalog"]) or call.get("funcformat") == "COERCE_SQL_SYNTAX":
        return None
    return NewSyntax(f"the function {names[-1]}()", since, names[-1])


_NEWER_NUMBER = re.compile(
    r"\d(?<!\w\d)(?:\d*_\d|(?<=0)[XOB][0-9A-F])"
)  # a digit first: \b would be tried at every place
_OPTION_LIST = regex(r"\s*(REINDEX\s*\([^)]*\bCONCURRENTLY\b|CLUSTER\s*\()", re.IGNORECASE)
_ADMIN_VALUE = regex(r"\s*GRANT\b[^;']*\bADMIN\s+(TRUE|FALSE)\b", re.IGNORECASE)


def _told_by_tokens(text: str) -> _Found:
    """What the parse tree does not tell from older ways to write the same."""
    if _NEWER_NUMBER.search(text.upper()) is not None:
        for token in tokens(text, 0, len(text)):
            if token.kind is Kind.NUMBER and _NEWER_NUMBER.match(text[token.start : token.end].upper()):
                yield "integers such as 0x1F and 1_000", 16
    if _OPTION_LIST.match(text) is not None:
        yield "REINDEX (CONCURRENTLY) and CLUSTER (VERBOSE)", 14
    if _ADMIN_VALUE.match(text) is not None:
        yield "GRANT of a role WITH ADMIN TRUE", 16


def _always(feature: str, since: int) -> Callable[[Fields], _Found]:
    def check(_: Fields) -> _Found:
        yield feature, since

    return check


def _if(field: str, feature: str, since: int) -> Callable[[Fields], _Found]:
    def check(fields: Fields) -> _Found:
        if fields.get(field):
            yield feature, since

    return check


_CHECKS: Mapping[str, Callable[[Fields], _Found]] = {
    "AlterDatabaseRefreshCollStmt": _always("REFRESH COLLATION VERSION", 15),
    "AlterDefaultPrivilegesStmt": statements.default_privileges,
    "AlterObjectDependsStmt": _if("remove", "NO DEPENDS ON EXTENSION", 13),
    "AlterOwnerStmt": statements.owner,
    "AlterStatsStmt": tables.alter_statistics,
    "AlterSubscriptionStmt": statements.subscription,
    "AlterTableStmt": tables.alter_table,
    "CreateEventTrigStmt": statements.event,
    "CreateForeignTableStmt": tables.foreign_table,
    "CreateSchemaStmt": statements.owner,
    "CreateSeqStmt": statements.unlogged,
    "CreateStatsStmt": tables.statistics,
    "CreateStmt": tables.create_table,
    "DefElem": syntax_options.anywhere,
    "DeleteStmt": statements.returning,
    "InsertStmt": statements.returning,
    "UpdateStmt": statements.returning,
    "FuncCall": statements.call,
    "GrantRoleStmt": statements.grant_role,
    "GrantStmt": statements.grant,
    "IndexElem": _if("opclassopts", "options of an operator class", 13),
    "JoinExpr": _if("join_using_alias", "JOIN … USING (…) AS", 14),
    "RenameStmt": statements.rename,
    "RoleSpec": statements.role,
    "TableLikeClause": tables.like,
    "ATAlterConstraint": tables.alter_constraint,
    "AlterTableCmd": tables.command,
    "AlterTypeStmt": _always("ALTER TYPE … SET (…)", 13),
    "ColumnDef": tables.column,
    "CommonTableExpr": statements.cte,
    "Constraint": tables.constraint,
    "CopyStmt": statements.copy,
    "CreateFunctionStmt": statements.function,
    "CreateTrigStmt": _if("replace", "CREATE OR REPLACE TRIGGER", 14),
    "DropdbStmt": _if("options", "DROP DATABASE … WITH (FORCE)", 13),
    "IndexStmt": _if("nulls_not_distinct", "UNIQUE NULLS NOT DISTINCT", 15),
    "JsonArrayAgg": _always("JSON_ARRAYAGG", 16),
    "JsonArrayConstructor": _always("JSON_ARRAY", 16),
    "JsonFuncExpr": _always("JSON_EXISTS, JSON_QUERY and JSON_VALUE", 17),
    "JsonIsPredicate": _always("IS JSON", 16),
    "JsonObjectAgg": _always("JSON_OBJECTAGG", 16),
    "JsonObjectConstructor": _always("JSON_OBJECT", 16),
    "JsonParseExpr": statements.json_parse,
    "JsonScalarExpr": _always("JSON_SCALAR", 17),
    "JsonSerializeExpr": _always("JSON_SERIALIZE", 17),
    "JsonTable": _always("JSON_TABLE", 17),
    "MergeStmt": statements.merge,
    "PartitionCmd": tables.detach,
    "PublicationObjSpec": statements.published,
    "RangeSubselect": statements.subselect,
    "ReindexStmt": statements.reindex_all,
    "ReturningOption": _always("RETURNING WITH (OLD AS …, NEW AS …)", 18),
    "SelectStmt": statements.select,
    "VacuumStmt": statements.vacuum,
    "XmlSerialize": _if("indent", "XMLSERIALIZE … INDENT", 16),
}
