"""The PostgreSQL parser itself: libpg_query, from the library that the postgast wheel ships.

We call it directly and read its JSON, for two measured reasons: importing postgast costs 90 ms (protobuf), which every
commit hook would pay, and protobuf refuses ordinary SQL from 48 `||` operators on. Nothing else in migrasafe knows which
parser this is. https://github.com/pganalyze/libpg_query
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import re
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from migrasafe.regex import regex

T = TypeVar("T")

GRAMMAR_VERSION = 18
"""Major version of PostgreSQL whose grammar this is."""

_LIBRARY = {"linux": "libpg_query.so", "darwin": "libpg_query.dylib", "win32": "pg_query.dll"}

# The C parser and the JSON printer recurse once per operator of a chain. 4,000 bytes hold at most 2,000 operators, which
# fit in every main thread; longer statements get a stack of their own, where 200,000 operators were measured to be fine.
MOST_AT_ONCE = 4_000
_BIG_STACK = 512 * 1024 * 1024
_MOST_OPERATORS = 100_000
_RECURSION = 60_000
_MAIN_THREAD = threading.main_thread().ident


class ParserError(Exception):
    """SQL the parser refuses; `offset` counts characters from 0, None where the parser does not say."""

    def __init__(self, message: str, offset: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class TooDeepError(Exception):
    """SQL nested deeper than can be read; the interpreter survives it."""


class _Error(ctypes.Structure):
    _fields_ = (
        ("message", ctypes.c_char_p),
        ("funcname", ctypes.c_char_p),
        ("filename", ctypes.c_char_p),
        ("lineno", ctypes.c_int),
        ("cursorpos", ctypes.c_int),
        ("context", ctypes.c_char_p),
    )


class _ParseResult(ctypes.Structure):
    _fields_ = (
        ("parse_tree", ctypes.c_char_p),
        ("stderr_buffer", ctypes.c_char_p),
        ("error", ctypes.c_void_p),  # of _Error: as a pointer it would cost an object per statement
    )


class _PlpgsqlResult(ctypes.Structure):
    _fields_ = (("plpgsql_funcs", ctypes.c_char_p), ("error", ctypes.c_void_p))


class _Protobuf(ctypes.Structure):
    _fields_ = (("len", ctypes.c_size_t), ("data", ctypes.c_char_p))


class _DeparseResult(ctypes.Structure):
    _fields_ = (("query", ctypes.c_char_p), ("error", ctypes.c_void_p))


@functools.cache
def _path() -> Path:
    spec = importlib.util.find_spec("postgast")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("postgast is not installed: pip install 'postgast~=0.2.0'")
    return Path(spec.submodule_search_locations[0]) / _LIBRARY.get(sys.platform, "libpg_query.so")


def grammar() -> str:
    """What tells this build of the parser from another one."""
    known = _path().stat()
    return f"{known.st_size} {known.st_mtime_ns}"


@functools.cache
def _library() -> ctypes.CDLL:
    lib = ctypes.CDLL(str(_path()))
    lib.pg_query_parse.argtypes = [ctypes.c_char_p]
    lib.pg_query_parse.restype = _ParseResult
    lib.pg_query_free_parse_result.argtypes = [_ParseResult]
    lib.pg_query_free_parse_result.restype = None
    lib.pg_query_parse_plpgsql.argtypes = [ctypes.c_char_p]
    lib.pg_query_parse_plpgsql.restype = _PlpgsqlResult
    lib.pg_query_free_plpgsql_parse_result.argtypes = [_PlpgsqlResult]
    lib.pg_query_free_plpgsql_parse_result.restype = None
    lib.pg_query_deparse_protobuf.argtypes = [_Protobuf]
    lib.pg_query_deparse_protobuf.restype = _DeparseResult
    lib.pg_query_free_deparse_result.argtypes = [_DeparseResult]
    lib.pg_query_free_deparse_result.restype = None
    return lib


_decode = msgspec.json.Decoder().decode


def parse(sql: str) -> list[Mapping[str, Any]]:
    """The RawStmt nodes of `sql`, `location` fields in characters.

    Raises ParserError for SQL that PostgreSQL 18 does not accept, TooDeepError for SQL nested beyond what can be read, and
    ValueError for text with a NUL, where the parser would silently stop.
    """
    _refuse_nul(sql)
    tree = _parse(sql) if _fits_this_stack(sql) else _on_enough_stack(sql, lambda: _parse(sql))
    statements: list[Mapping[str, Any]] = tree.get("stmts", [])
    if not sql.isascii():
        _bytes_to_characters(statements, sql)
    return statements


def parse_plpgsql(create_function: str) -> list[Mapping[str, Any]]:
    """The PLpgSQL_function nodes of a CREATE FUNCTION or DO statement in plpgsql. Raises as parse does."""
    _refuse_nul(create_function)
    functions: list[Mapping[str, Any]] = _on_enough_stack(create_function, lambda: _parse_plpgsql(create_function))
    return functions


def _parse(sql: str) -> Any:
    lib = _library()
    try:
        result = lib.pg_query_parse(sql.encode("utf-8"))
    except ctypes.ArgumentError as error:  # no room on the stack for the call
        raise TooDeepError from error
    try:
        if result.error:
            raise _error(result.error, sql)
        return _decode(result.parse_tree)
    except RecursionError as error:
        raise TooDeepError from error
    finally:
        lib.pg_query_free_parse_result(result)


# libpg_query 18 prints stray empty objects before the datums of trigger functions (libpg_query issue 337).
_STRAY = re.compile(rb'(?:\{\}\},)+(?=\{"PLpgSQL_)')


def _parse_plpgsql(sql: str) -> Any:
    lib = _library()
    try:
        result = lib.pg_query_parse_plpgsql(sql.encode("utf-8"))
    except ctypes.ArgumentError as error:
        raise TooDeepError from error
    try:
        if result.error:
            raise _error(result.error, sql)
        return _decode(_STRAY.sub(b"", result.plpgsql_funcs))
    except RecursionError as error:
        raise TooDeepError from error
    finally:
        lib.pg_query_free_plpgsql_parse_result(result)


def written(tree: bytes) -> str:
    """The SQL of a ParseResult. Raises ParserError for a tree that the deparser does not know."""
    lib = _library()
    result = lib.pg_query_deparse_protobuf(_Protobuf(len=len(tree), data=tree))
    try:
        if result.error:
            raise _error(result.error, "")
        return str(result.query, "utf-8")
    finally:
        lib.pg_query_free_deparse_result(result)


def _error(place_of_error: int, sql: str) -> ParserError:
    error = _Error.from_address(place_of_error)
    message = error.message.decode("utf-8", "replace")
    place = error.cursorpos - 1  # characters already: PostgreSQL converts it with pg_mbstrlen_with_len
    return ParserError(message, place if 0 <= place <= len(sql) else None)


def _refuse_nul(sql: str) -> None:
    if "\0" in sql:
        raise ValueError("SQL cannot contain a NUL character: PostgreSQL would stop reading there")


# --- stack ------------------------------------------------------------------------------------------------------------


def _fits_this_stack(sql: str) -> bool:
    return len(sql) <= MOST_AT_ONCE and threading.get_ident() == _MAIN_THREAD


def _on_enough_stack(sql: str, call: Callable[[], T]) -> T:
    """Run `call` where a long chain of operators cannot overflow the stack: that would kill the interpreter."""
    if _fits_this_stack(sql):
        return call()
    if _operators(sql) > _MOST_OPERATORS:
        raise TooDeepError
    return _in_big_thread(call)


_OPERATOR = regex(r"[-+*/<>=~!@#%^&|`?:]+|\b(?:JOIN|UNION|INTERSECT|EXCEPT|COLLATE|AT|IS|LIKE|IN)\b", re.IGNORECASE)


def _operators(sql: str) -> int:
    """An upper bound of the longest chain; flat lists (VALUES, IN, AND, OR) do not recurse and are not counted."""
    if len(sql) < 2 * _MOST_OPERATORS:
        return 0
    return sum(1 for _ in _OPERATOR.finditer(sql))


def _in_big_thread(call: Callable[[], T]) -> T:
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _RECURSION))
        try:
            outcome.append(call())
        except BaseException as error:  # handed over to the calling thread, which raises it
            failure.append(error)
        finally:
            sys.setrecursionlimit(limit)

    before = threading.stack_size(_BIG_STACK)
    try:
        thread = threading.Thread(target=work, name="migrasafe-parser")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


# --- offsets ----------------------------------------------------------------------------------------------------------

_PLACES = frozenset(
    {
        "location",
        "stmt_location",
        "stmt_len",
        "list_start",
        "list_end",
        "rexpr_list_start",
        "rexpr_list_end",
        "name_location",
    }
)


def _bytes_to_characters(statements: list[Mapping[str, Any]], sql: str) -> None:
    """Rewrite the byte offsets of the parse tree to character offsets, in place (the tree is still ours alone)."""
    characters = _character_of_byte(sql)
    stack: list[Any] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, (dict, list)):
                    stack.append(value)
                elif key in _PLACES and isinstance(value, int) and 0 <= value < len(characters):
                    node[key] = characters[value]
        else:
            stack.extend(node)


def _character_of_byte(sql: str) -> list[int]:
    offsets: list[int] = []
    for place, character in enumerate(sql):
        offsets.extend([place] * len(character.encode("utf-8")))
    offsets.append(len(sql))
    return offsets
