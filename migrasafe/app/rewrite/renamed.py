"""A query of the old version as it must read once a migration has renamed what it uses.

Only names change, at their places, so that the author's formatting stays; a column that is shown keeps the name that
the program knows. What does not resolve on the new schema is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from migrasafe.app.model import Query
from migrasafe.app.resolve import Ever, Mentioned, Parsed, Resolver, read_query
from migrasafe.app.rewrite.derived import derived
from migrasafe.app.rewrite.renames import Renames, renames
from migrasafe.app.rewrite.replaced import rewrite_derived
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.migrations.model import Migration
from migrasafe.schema.model import ColumnRef, Schema
from migrasafe.sql.expressions import walk
from migrasafe.sql.lexer import Kind, Token, tokens
from migrasafe.sql.quote import quote_ident, quote_literal

_AS_LONG_AS = "as shown, right for values that had no more parts than the migration keeps"
_NOT_TOLD = "how the query must read afterwards does not follow from the migration"
_Edit = tuple[int, int, str]
_NAMES = (Kind.WORD, Kind.QUOTED)


class Rewriter:
    """Rewrites the queries that one migration breaks by renaming."""

    def __init__(self, migration: Migration, before: Schema, after: Schema, ever: Ever) -> None:
        self._renamed = renames(migration, before)
        self._derived = derived(migration, before, after)
        self._before, self._after = Resolver(before, ever), Resolver(after, ever)
        self._done: dict[Query, str] = {}

    def of(self, breakages: Sequence[Breakage]) -> list[Breakage]:
        """The same, those of the old version with the query as it must read where that can be told."""
        if not self._renamed and not self._derived:
            return list(breakages)
        return [self._with_rewrite(one) if self._concerns(one) else one for one in breakages]

    def _concerns(self, one: Breakage) -> bool:
        return one.version is Version.OLD and not one.before and one.weight is not Weight.RISK

    def _with_rewrite(self, one: Breakage) -> Breakage:
        if one.query is None:
            return one
        if one.query not in self._done:
            parsed = read_query(one.query.sql)
            self._done[one.query] = (
                rewrite(one.query, parsed, self._renamed, self._before, self._after)
                or (self._derived and rewrite_derived(one.query, parsed, self._derived, self._before, self._after))
                or ""
            )
        text, known = self._done[one.query], self._derived.get(one.object) if one.object is not None else None
        if not text and known is not None and one.name in known.gone and not one.help:
            return replace(one, help=_NOT_TOLD)
        joined = "CONCAT_WS(" in text and "CONCAT_WS(" not in one.query.sql
        return replace(one, rewrite=text, help=one.help or (_AS_LONG_AS if joined else ""))


def rewrite(query: Query, parsed: Parsed, renamed: Renames, before: Resolver, after: Resolver) -> str | None:
    """The query for the schema of `after`; None where renaming does not make it work there."""
    if not renamed or query.partial:
        return None
    old = before.resolve(parsed, query.search_path)
    shown, aliased, qualifiers = _shown_columns(parsed), _aliased(parsed), _qualifiers(parsed)
    edits: set[_Edit] = set()
    for mention in old.mentions:
        edits.update(_edits(query.sql, mention, renamed, shown=shown, aliased=aliased, qualifiers=qualifiers))
    text = query.sql
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    if not edits:
        return None
    again = read_query(text)
    new = after.resolve(again, query.search_path)
    if again.reason or new.problems or new.opaque or old.outputs is None or new.outputs is None:
        return None
    return text if [one.name for one in old.outputs] == [one.name for one in new.outputs] else None


def _edits(
    sql: str,
    mention: Mentioned,
    renamed: Renames,
    *,
    shown: frozenset[int],
    aliased: frozenset[int],
    qualifiers: frozenset[str],
) -> Iterator[_Edit]:
    if mention.label is not None:
        new = renamed.labels.get((mention.object, mention.label))
        if new is not None:
            token = next(tokens(sql, mention.offset), None)
            # In an array constant it is a part of the string only.
            if token is not None and sql[token.start : token.end] == quote_literal(mention.label):
                yield token.start, token.end, quote_literal(new)
        return
    if mention.column is None:
        new = renamed.relations.get(mention.object)
        last = _last_name(sql, mention.offset, mention.object.name)
        if new is not None and last is not None:
            old = mention.object.name
            alias = f" AS {quote_ident(old)}" if old in qualifiers and mention.offset not in aliased else ""
            yield last.start, last.end, quote_ident(new) + alias
        return
    new = renamed.columns.get(ColumnRef(mention.object, mention.column))
    last = _last_name(sql, mention.offset, mention.column)
    if new is not None and last is not None:
        alias = f" AS {quote_ident(mention.column)}" if mention.offset in shown else ""
        yield last.start, last.end, quote_ident(new) + alias


def _last_name(sql: str, offset: int, name: str) -> Token | None:
    """The last of `schema.table.column` that begins at `offset`, if it is the name."""
    last: Token | None = None
    dot = True
    for token in tokens(sql, offset):
        if token.kind is Kind.COMMENT or (last is None and token.kind is Kind.OPEN):  # (a, b) of ON CONFLICT
            continue
        if dot and token.kind in _NAMES:
            last, dot = token, False
        elif not dot and sql[token.start : token.end] == ".":
            dot = True
        else:
            break
    if last is None:
        return None
    text = sql[last.start : last.end]
    plain = text[1:-1].replace('""', '"') if last.kind is Kind.QUOTED else text.lower()
    return last if plain == name else None


# --- what stands around a name ----------------------------------------------------------------------------------------


def _shown_columns(parsed: Parsed) -> frozenset[int]:
    """Where columns stand that a SELECT or RETURNING shows under their own names."""
    places: set[int] = set()
    for kind, fields in walk(list(parsed.statements)):
        if kind == "SelectStmt":
            targets = fields.get("targetList", [])
        elif kind in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
            targets = fields.get("returningClause", {}).get("exprs", [])
        else:
            continue
        places.update(_bare(target["ResTarget"]) for target in targets if "ResTarget" in target)
    return frozenset(places - {-1})


def _bare(target: Any) -> int:
    reference = target.get("val", {}).get("ColumnRef", {})
    return -1 if "name" in target or not reference else int(reference.get("location", 0))


def _aliased(parsed: Parsed) -> frozenset[int]:
    """Where relations stand that have an alias already."""
    places = set()
    for kind, fields in walk(list(parsed.statements)):
        for relation in (fields if kind == "RangeVar" else {}, fields.get("relation", {})):
            if isinstance(relation, dict) and "alias" in relation and "relname" in relation:
                places.add(int(relation.get("location", 0)))
    return frozenset(places)


def _qualifiers(parsed: Parsed) -> frozenset[str]:
    """The names in front of columns."""
    found = set()
    for kind, fields in walk(list(parsed.statements)):
        if kind == "ColumnRef":
            parts = [part["String"].get("sval", "") for part in fields.get("fields", []) if "String" in part]
            star = any("A_Star" in part for part in fields.get("fields", []))
            found.update(parts if star else parts[:-1])
    return frozenset(found)
