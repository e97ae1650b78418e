"""Names and values as Active Record writes them into SQL."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from migrasafe.migrations.rails.ruby import Sql, Unknown, Value
from migrasafe.sql.quote import quote_ident, quote_literal

_LONGEST_INDEX_NAME = 62
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "mice": "mouse", "statuses": "status",
    "aliases": "alias", "indices": "index", "vertices": "vertex", "matrices": "matrix", "analyses": "analysis",
    "movies": "movie", "oxen": "ox", "quizzes": "quiz", "databases": "database", "buses": "bus", "axes": "axis",
    "viri": "virus", "octopi": "octopus", "testes": "testis", "crises": "crisis", "diagnoses": "diagnosis",
    "series": "series", "news": "news", "media": "medium", "data": "datum", "species": "species", "criteria": "criterion",
}  # fmt: skip
_PLURALS = {one: many for many, one in _IRREGULAR.items()}


class NotReadError(Exception):
    """An operation that cannot be put into SQL without running it; says why."""


def known(value: Value, what: str) -> Value:
    """The value. Raises NotReadError for one that only a run would tell."""
    if isinstance(value, Unknown):
        raise NotReadError(f"{what} is {' '.join(value.text.split())[:60]}, which only a run tells")
    return value


def name_of(value: Value, what: str) -> str:
    """A name. Raises NotReadError."""
    if not isinstance(known(value, what), str):
        raise NotReadError(f"{what} is not a name that can be read")
    return str(value)


def names_of(value: Value, what: str) -> list[str]:
    """One name or several. Raises NotReadError."""
    return [name_of(one, what) for one in (value if isinstance(value, list) else [value])]


def quoted(name: str) -> str:
    """A name, or one with its schema, as it is written in SQL."""
    return ".".join(quote_ident(part) for part in name.split("."))


def literal(value: Value, *, array: bool = False) -> str:
    """A default or a value in an UPDATE. Raises NotReadError."""
    known(value, "a value")
    if isinstance(value, Sql):
        return value.text
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and array:
        inner = ",".join(json.dumps(str(known(one, "a value"))) for one in value)
        return quote_literal(f"{{{inner}}}")
    if isinstance(value, list | dict):
        if any(isinstance(one, Unknown) for one in (value.values() if isinstance(value, dict) else value)):
            raise NotReadError("a value is put together at run time")
        return quote_literal(json.dumps(value))
    return quote_literal(str(value))


def singular(name: str) -> str:
    """`categories` → category, as ActiveSupport has it for the words that tables are called by."""
    head, _, last = name.rpartition("_")
    return f"{head}_{_singular(last)}" if head else _singular(last)


def plural(name: str) -> str:
    """`category` → categories."""
    head, _, last = name.rpartition("_")
    return f"{head}_{_plural(last)}" if head else _plural(last)


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for end, put in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("ves", "f")):
        if word.endswith(end) and len(word) > len(end) + 1:
            if end == "ves":
                return f"{word[:-1]}" if word.endswith(("tives", "oves", "aves", "rves", "ives")) else f"{word[:-3]}f"
            return word[: -len(end)] + put
    return word if word.endswith(("ss", "us", "is")) else word.removesuffix("s")


def _plural(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    if word.endswith(("ss", "sh", "ch", "x")):
        return f"{word}es"
    return word if word.endswith("s") else f"{word}s"


def index_name(table: str, columns: list[str], version: tuple[int, int]) -> str:
    """The name of an index that is given none."""
    bare = table.rsplit(".", 1)[-1]
    name = f"index_{bare}_on_{'_and_'.join(columns)}"
    if len(name.encode()) <= _LONGEST_INDEX_NAME or version < (7, 1):
        return name
    mark = f"_{hashlib.sha256(name.encode()).hexdigest()[:10]}"
    return f"idx_on_{'_'.join(columns)}"[: _LONGEST_INDEX_NAME - len(mark)] + mark


def hashed_name(prefix: str, identifier: str) -> str:
    """`fk_rails_a1b2c3d4e5`: the name of a constraint that is given none."""
    return f"{prefix}_rails_{hashlib.sha256(identifier.encode()).hexdigest()[:10]}"


def foreign_key_name(table: str, columns: list[str], options: Mapping[str, Value]) -> str:
    """Its name, said or made."""
    said = options.get("name")
    return str(known(said, "name")) if said else hashed_name("fk", f"{table}_{'_and_'.join(columns)}_fk")


def check_name(table: str, expression: str, options: Mapping[str, Value]) -> str:
    said = options.get("name")
    return str(known(said, "name")) if said else hashed_name("chk", f"{table}_{expression}_chk")
