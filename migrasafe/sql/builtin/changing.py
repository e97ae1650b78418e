"""Functions whose answer depends on when, or in which session, they are called: the ones that rows must not rest on."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.lexer import Kind, tokens
from migrasafe.sql.statements import Node

TIME = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"})
"""Each call gives the same or a later time than the one before."""
CHANCE = frozenset({"random", "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v4", "uuidv4", "uuidv7", "nextval"})
SESSION = frozenset({"current_setting", "inet_client_addr", "pg_backend_pid", "txid_current", "pg_current_xact_id"})
_TIME_WORDS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
_SESSION_WORDS = frozenset({"current_user", "session_user", "current_role", "current_schema", "current_catalog"})
_WORDS = _TIME_WORDS | _SESSION_WORDS
_CALLED = TIME | CHANCE | SESSION


def changing_calls(node: Node) -> Iterator[str]:
    """The names of such functions in an expression, each as people write it: `now()`, `CURRENT_DATE`."""
    for kind, fields in walk(node):
        if kind == "FuncCall":
            names = names_of(fields.get("funcname", []))
            if names and (names[-1] in _CALLED or (names[-1] == "age" and len(fields.get("args", [])) == 1)):
                yield f"{names[-1]}()"
        elif kind == "SQLValueFunction":
            yield str(fields.get("op", "")).removeprefix("SVFOP_").removesuffix("_N")


def tells_time(name: str) -> bool:
    """Whether a name that `changing_calls` gives is one of a function that tells the time."""
    return name.removesuffix("()").lower() in TIME | _TIME_WORDS or name == "age()"


def changing_words(text: str) -> tuple[str, ...]:
    """Likewise for the text of a body, in its order, without repetitions."""
    found = [token for token in tokens(text, 0, len(text)) if token.kind is not Kind.COMMENT]
    said = dict[str, None]()
    for place, token in enumerate(found):
        word = text[token.start : token.end].lower()
        follows = text[found[place + 1].start : found[place + 1].end] if place + 1 < len(found) else ""
        if token.kind is not Kind.WORD or (place and text[found[place - 1].start : found[place - 1].end] == "."):
            continue
        if word in _WORDS:
            said[word.upper()] = None
        elif word in _CALLED and follows == "(":
            said[f"{word}()"] = None
    return tuple(said)
