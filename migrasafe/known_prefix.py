"""The catalog after the first migrations of a history, kept from one run to the next, by what those migrations say.

A key is a hash of the texts of these migrations, in order, and of all that decides about how they run: one letter more, and
it is another key. The schema that is kept under it so is the one that walking them would come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

from migrasafe.migrations.model import Migration
from migrasafe.schema.model import Schema

WORTHWHILE = 32
"""So many migrations have to be walked before their schema is kept: fewer are as quickly walked again."""


class KnownSchemas(Protocol):
    """Where schemas are kept."""

    def lengths(self) -> Sequence[int]:
        """Of the prefixes that schemas are kept for, by whatever keys."""

    def find(self, length: int, key: str) -> Schema | None: ...

    def keep(self, length: int, key: str, schema: Schema) -> None: ...


def longest_known(
    migrations: Sequence[Migration], known: KnownSchemas, *, start: str
) -> tuple[int, Schema | None, str | None]:
    """How many of the first migrations the schema is known after, that schema, and the key of all of them where theirs is
    worth keeping. `start` says what else decides about the schema: the target, and how the migrations are run."""
    keys = _keys(migrations, {*known.lengths(), len(migrations)}, start)
    whole = keys.get(len(migrations))
    for length in sorted(keys, reverse=True):
        schema = known.find(length, keys[length])
        if schema is not None:
            return length, schema, whole if len(migrations) - length >= WORTHWHILE else None
    return 0, None, whole if len(migrations) >= WORTHWHILE else None


def _keys(migrations: Sequence[Migration], lengths: set[int], start: str) -> Mapping[int, str]:
    """The keys of the prefixes of these lengths."""
    running = blake2b(start.encode(), digest_size=20)
    keys: dict[int, str] = {}
    for length, migration in enumerate(migrations, start=1):
        for part in migration.parts:
            script = part.script
            text = script.source.text
            mode = part.wrapped.value if part.wrapped is not None else ""
            head = f"\0{mode} {part.own_transaction} {script.sections} {len(text)}\0"
            running.update((head + text).encode("utf-8", "surrogatepass"))
        running.update(b"\1")
        if length in lengths:
            keys[length] = running.hexdigest()
    return keys
