"""What a backfill is to do, as people say it: a table, the change, the predicate, the key; read and checked as SQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import Enum

import msgspec
from msgspec import Struct

from migrasafe.errors import InputError
from migrasafe.sql.parse import read_script
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Expression, Select, Statement, Unrecognized, Update


class WalkKind(Enum):
    """How a job goes through its table."""

    AUTO = "auto"
    KEY = "key"
    BLOCKS = "blocks"


class Spec(Struct, frozen=True, kw_only=True):
    """One job. The texts are SQL as it was given."""

    table: str
    set: str | None = None
    """`col = expr, …` for an update; for a copy, the target's columns and their values in the source's words."""
    where: str | None = None
    key: tuple[str, ...] = ()
    """Names of the key's columns; empty: the primary key, or another unique one."""
    into: str | None = None
    """Copy into this table instead of changing the rows."""
    walk: WalkKind = WalkKind.AUTO
    delete: bool = False
    """Delete the rows instead of changing them."""

    @property
    def hash(self) -> bytes:
        """Differs between jobs that do different things: a cursor of one means nothing to the other."""
        said = msgspec.to_builtins(self)
        if not self.delete:
            del said["delete"]  # a job that was begun before there was this word is the same job
        return hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest()


class Assignment(Struct, frozen=True, kw_only=True):
    column: str
    expression: str


BATCH_TAG = "$migrasafe_batch$"
_UPDATE_HEAD = "UPDATE a_table SET "
_SELECT_HEAD = "SELECT 1 FROM a_table WHERE "
_ONLY_WHERE = frozenset(("targetList", "fromClause", "whereClause", "limitOption", "op"))


def check_spec(spec: Spec, where: str) -> None:
    """Raise InputError unless every SQL text of the spec is one whole piece of SQL. `where` names the place it is from."""
    if not spec.table.strip():
        raise InputError(f"{where}table: no name: say which table is to be filled")
    _check_tag(spec.set, f"{where}set")
    _check_tag(spec.where, f"{where}where")
    if spec.delete and (spec.set is not None or spec.into is not None):
        raise InputError(
            f"{where}delete and {'set' if spec.set is not None else 'into'} exclude each other: say one of them"
        )
    if spec.delete and spec.where is None:
        raise InputError(
            f"{where}delete: say which rows go, as in where = 'expires_at < now()'; all of them are a TRUNCATE"
        )
    if spec.set is None and spec.into is None and not spec.delete:
        raise InputError(f"{where}set: say what each row gets, as in 'total_cents = total * 100'")
    if spec.set is not None:
        columns_set(spec.set, where)
    if spec.where is not None:
        _check_predicate(spec.where, where)


def _check_tag(text: str | None, what: str) -> None:
    """Batches are sent in a quoted block, which ends with its tag."""
    if text is not None and BATCH_TAG in text:
        raise InputError(f"{what} contains {BATCH_TAG}, which ends the block that batches are sent in")


def columns_set(assignments: str, where: str = "") -> tuple[str, ...]:
    """The columns that `col = expr, …` gives values to. Raises InputError for anything that is not such a list."""
    statement = _one(f"{_UPDATE_HEAD}\n{assignments}\n", f"{where}set", assignments)
    if not isinstance(statement, Update) or statement.where is not None or statement.joins or statement.modifies:
        raise InputError(
            f"{where}set must be a list of `column = expression`, without FROM or WHERE, not {assignments!r}"
        )
    if "returningClause" in statement.query.node.get("UpdateStmt", {}):
        raise InputError(f"{where}set must be a list of `column = expression`, without RETURNING, not {assignments!r}")
    return tuple(column for column, _ in statement.assignments)


def assignments_of(assignments: str, where: str = "") -> tuple[Assignment, ...]:
    """Each column with the text of its value. Raises InputError where one value is for several columns at once."""
    names = columns_set(assignments, where)
    found = []
    for text in split_list(assignments):
        column, equals, expression = text.partition("=")
        if not equals:
            raise InputError(f"{where}set: {text.strip()!r} has no `=`: write each column as `column = expression`")
        found.append((column.strip(), expression.strip()))
    if len(found) != len(names):
        raise InputError(f"{where}set: write each column as `column = expression` of its own")
    return tuple(Assignment(column=name, expression=text) for name, (_, text) in zip(names, found, strict=True))


def expressions_of(assignments: str) -> tuple[tuple[str, Expression], ...]:
    """Each column with the parsed expression of its value. Raises InputError where one value is for several columns."""
    statement = _one(f"{_UPDATE_HEAD}\n{assignments}\n", "set", assignments)
    pairs = statement.assignments if isinstance(statement, Update) else ()
    found = tuple((column, value) for column, value in pairs if value is not None)
    if not found or len(found) != len(pairs):
        raise InputError("set: write each column as `column = expression` of its own")
    return found


def set_from_table(columns: Mapping[str, str]) -> str:
    """`{Total = "a + 1"}` as SQL: `"Total" = (a + 1)`. The names are exact."""
    return ", ".join(f"{quote_ident(column)} = (\n{value}\n)" for column, value in columns.items())


def key_from_text(text: str) -> tuple[str, ...]:
    """`a, "B"` as names of columns; unquoted ones in lower case, as PostgreSQL reads them."""
    names = []
    for part in split_list(text):
        name = part.strip()
        quoted = name.startswith('"') and name.endswith('"') and len(name) > 2
        names.append(name[1:-1].replace('""', '"') if quoted else name)
    return tuple(name for name in names if name)


def split_list(text: str) -> list[str]:
    """Cut at commas outside of parentheses, brackets and quotes."""
    parts, depth, start = [], 0, 0
    for token in re.finditer(
        r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|[()\[\],]", text, re.S
    ):
        match token[0]:
            case "(" | "[":
                depth += 1
            case ")" | "]":
                depth -= 1
            case "," if depth == 0:
                parts.append(text[start : token.start()])
                start = token.end()
    return [*parts, text[start:]]


def _check_predicate(predicate: str, where: str) -> None:
    statement = _one(f"{_SELECT_HEAD}\n{predicate}\n", f"{where}where", predicate)
    clauses = statement.query.node.get("SelectStmt", {}).keys() if isinstance(statement, Select) else ()
    if not clauses or not _ONLY_WHERE.issuperset(clauses):
        raise InputError(f"{where}where must be one condition, as after WHERE, not {predicate!r}")


def _one(sql: str, what: str, given: str) -> Statement:
    """The one statement of a text."""
    statements = read_script(Source(path="", text=sql)).statements
    if len(statements) != 1:
        raise InputError(f"{what} must be one expression, without a semicolon, not {given!r}")
    if isinstance(statements[0], Unrecognized):
        raise InputError(f"{what} cannot be read as SQL ({statements[0].reason}): {given!r}")
    return statements[0]
