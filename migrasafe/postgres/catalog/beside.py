"""What a server keeps beside its tables and views: triggers and statistics as it writes them, publications, comments."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query
from migrasafe.schema.attached import Beside, PublishedAs, WrittenStatistics, WrittenTrigger
from migrasafe.schema.model import Ref

COLUMN_LISTS_SINCE = 150_000
"""server_version_num of the first publications with lists of columns."""


def beside_tables(connection: Connection) -> dict[Ref, Beside]:
    """Of every table and view that has something beside it. Raises psycopg.Error where the catalog cannot be read."""
    found: dict[Ref, Beside] = {}
    for schema, relation, kind, name, text, words in run(connection, query("attached_to_tables")):
        ref = Ref(schema, relation)
        found[ref] = _with(found.get(ref, Beside()), kind, name, text, words or ())
    if connection.info.server_version >= COLUMN_LISTS_SINCE:
        for schema, relation, name, filter, columns in run(connection, query("attached_publications")):
            ref = Ref(schema, relation)
            before = found.get(ref, Beside())
            one = PublishedAs(publication=name, columns=tuple(columns or ()), filter=filter)
            found[ref] = replace(before, published=(*before.published, one))
    return found


def _with(before: Beside, kind: str, name: str, text: str | None, words: Sequence[str | None]) -> Beside:
    match kind:
        case "trigger":
            trigger = WrittenTrigger(name=name, sql=text or "", enabled=words[0] or "O", comment=words[1])
            return replace(before, triggers=(*before.triggers, trigger))
        case "statistics":
            target = int(words[2]) if words[2] is not None and int(words[2]) >= 0 else None
            one = WrittenStatistics(schema=words[0] or "", name=words[1] or "", sql=text or "", target=target)
            return replace(before, statistics=(*before.statistics, one))
        case "index comment":
            return replace(before, index_comments=(*before.index_comments, (name, text or "")))
        case "constraint comment":
            return replace(before, constraint_comments=(*before.constraint_comments, (name, text or "")))
        case "identity":
            return replace(before, identity_options=(*before.identity_options, (name, text or "")))
        case "replica identity":
            return replace(before, identity_index=name)
        case _:
            return replace(before, comment=text, owner=words[0])
