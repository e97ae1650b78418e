"""Schemas kept in the user's cache folder, so that a long history is not read again for the one migration that is new.

What was written by another version is as if it were not there.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b

from migrasafe.cli.inputs.cache_folder import CacheFolder, cache_folder, made_by
from migrasafe.schema.model import Schema
from migrasafe.schema.stored import NotASchemaError, schema_from_bytes, schema_to_bytes
from migrasafe.sql.libpg_query import grammar

_DECIDING = ("schema", "sql")
"""The rooms whose code decides what a schema is."""


class SchemaCache:
    """The schemas in a folder."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder
        self._version = f"{made_by(_DECIDING)} {grammar()}\0"

    def lengths(self) -> list[int]:
        lengths = (name.split("-")[0] for name in self._folder.names())
        return [int(length) for length in lengths if length.isdecimal()]

    def find(self, length: int, key: str) -> Schema | None:
        stored = self._folder.read(self._name(length, key))
        if stored is None:
            return None
        try:
            return schema_from_bytes(stored)
        except NotASchemaError:
            return None

    def keep(self, length: int, key: str, schema: Schema) -> None:
        """Says nothing where it cannot: the next run then walks again."""
        with suppress(RecursionError):
            self._folder.write(self._name(length, key), schema_to_bytes(schema))

    def _name(self, length: int, key: str) -> str:
        return f"{length}-{blake2b((self._version + key).encode(), digest_size=20).hexdigest()}"


def schema_cache() -> SchemaCache | None:
    """The cache of this user; None where there is no home to have it in."""
    folder = cache_folder("schemas", ".schema")
    return None if folder is None else SchemaCache(folder)
