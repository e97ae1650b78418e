"""The queries of one version of an app on the schema of the moment: resolved again only where a migration touches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.judge.checks import checks
from migrasafe.app.judge.filtered import filtered_columns
from migrasafe.app.model import App, Expectation, Origin, Query
from migrasafe.app.resolve import Parsed, Problem, Resolution, Resolver, read_query
from migrasafe.app.resolve.values import Use
from migrasafe.app.source.placeholders import UNKNOWN_NAME
from migrasafe.app.usage import ObjectKind
from migrasafe.schema.model import Ref, Schema, Table, View
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Node


class OnSchema(Struct, frozen=True, kw_only=True):
    """A query on one schema."""

    resolution: Resolution
    problems: tuple[Problem, ...]
    """Those of the resolution and of the checks."""
    touches: frozenset[str]
    """The bare names of the objects that it depends on: where none of them changes, it does not change."""


class AppQuery(Struct, frozen=True, kw_only=True):
    """A query, and its trees."""

    query: Query
    parsed: Parsed
    named: frozenset[str]
    """The names of relations, functions, types and columns in it, and its text constants."""
    built_with: tuple[Use, ...] = ()
    """The columns that took the place of `*` when the app was built."""


def read_queries(app: App) -> tuple[AppQuery, ...]:
    """Every query of the app, parsed once."""
    return tuple(_read(query) for query in app.queries)


def _read(query: Query) -> AppQuery:
    parsed = read_query(query.sql)
    return AppQuery(query=query, parsed=parsed, named=_named(query.sql))


@lru_cache(maxsize=16_384)
def _named(query: str) -> frozenset[str]:
    """Every name and constant in the text of a query: most of one version's are those of the other, too."""
    statements = read_query(query).statements
    named = {*relations_of(statements)}
    for kind, fields in walk(list(statements)):
        if kind == "String":
            named.add(fields.get("sval", ""))
        elif kind == "A_Const" and "sval" in fields:  # 'invoices_id_seq' can be a sequence
            named.add(fields["sval"].get("sval", ""))
    return frozenset(named)


def relations_of(statements: Iterable[Node]) -> Iterator[str]:
    """The bare names of the relations in a query; the one that a statement writes to is a field of its own."""
    for kind, fields in walk(list(statements)):
        if kind == "RangeVar":
            yield fields["relname"]
        elif "relname" in fields.get("relation", {}):
            yield fields["relation"]["relname"]


def on_schema(one: AppQuery, resolver: Resolver) -> OnSchema:
    """The query on the schema of the resolver, with everything that is wrong with it there."""
    resolution = resolver.resolve(one.parsed, one.query.search_path)
    schema = resolver.schema
    sent_apart = bool(one.query.prepared or one.query.star_is_expanded)
    # A name that is not known is not missing: run_time_names looks after it.
    resolved = tuple(each for each in resolution.problems if UNKNOWN_NAME not in each.message)
    resolution = replace(resolution, problems=resolved)
    found = (replace(each, certain=True) if each.of_parameter and sent_apart else each for each in resolved)
    problems = (*found, *checks(resolution, schema, one.query.never_null), *_gone(one, schema))
    return OnSchema(
        resolution=resolution,
        problems=tuple(dict.fromkeys(problems)),
        touches=one.named | frozenset(_touched(resolution, schema)),
    )


def _as_built(one: AppQuery, resolver: Resolver) -> AppQuery:
    """The query with what was built into the app from the schema of its own release: the columns that its `*` meant, and
    which of its columns its reader takes never to be NULL."""
    query = one.query
    if not (query.star_is_expanded or query.rows_are_typed):
        return one
    resolution = resolver.resolve(one.parsed, query.search_path)
    stars = tuple(use for use in resolution.uses if use.by_star and use.through is None and use.name)
    # The columns of an outer join can be NULL anyway, which generators know.
    is_outer = any(node.get("jointype", "JOIN_INNER") != "JOIN_INNER" for node in _joins(one.parsed))
    never = () if is_outer or not query.rows_are_typed else tuple(_never_null(query, resolution, resolver.schema))
    filtered = filtered_columns(one.parsed.statements) if never else frozenset[str]()
    expects = tuple(expected for expected in never if expected.column not in filtered)
    return replace(
        one,
        query=replace(query, expects=(*query.expects, *expects)),
        built_with=stars if query.star_is_expanded else (),
    )


def _joins(parsed: Parsed) -> Iterator[Mapping[str, Any]]:
    return (fields for kind, fields in walk(list(parsed.statements)) if kind == "JoinExpr")


def _never_null(query: Query, resolution: Resolution, schema: Schema) -> Iterator[Expectation]:
    for output in resolution.outputs or ():
        shown = output.column if output.name not in query.may_be_null else None
        table = schema.table(shown.relation) if shown is not None else None
        column = table.column(shown.column) if table is not None and shown is not None and shown.column else None
        if table is not None and column is not None and column.not_null:
            yield Expectation(
                schema=table.ref.schema,
                table=table.ref.name,
                column=column.name,
                location=query.position(0),
                not_null=True,
            )


def _gone(one: AppQuery, schema: Schema) -> Iterator[Problem]:
    for use in one.built_with:
        relation = schema.relation(use.object) if use.object is not None else None
        if isinstance(relation, Table) and use.name not in {column.name for column in relation.columns}:
            yield Problem(
                sqlstate="42703",
                message=f'column "{use.name}" does not exist',
                offset=use.offset,
                object=use.object,
                name=use.name,
            )


def _touched(resolution: Resolution, schema: Schema) -> Iterable[str]:
    relations: set[Ref] = set()
    for use in resolution.uses:
        if use.object is not None:
            yield use.object.name
            if use.kind in (ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.COLUMN):
                relations.add(use.object)
        if use.through is not None:
            yield use.through.name
    for ref in relations:
        relation = schema.relation(ref)
        if isinstance(relation, Table):
            yield from (column.type.name for column in relation.columns if column.type is not None)
            yield from (trigger.function.name for trigger in relation.triggers if trigger.function is not None)
        elif isinstance(relation, View):
            yield from (read.relation.name for read in relation.reads)


class VersionQueries:
    """Walks along a history with all queries of one version."""

    def __init__(self, app: App, resolver: Resolver, own: Resolver | None = None) -> None:
        """`resolver`: on the schema of the moment, and for other versions, too. `own`: on the schema that this version was
        built with, where that is another."""
        self.app = app
        self.ever = ever = resolver.ever
        self.names = names = frozenset(ref.name for ref in (*ever.relations, *ever.functions))
        every = read_queries(app)
        self.with_run_time_names = tuple(
            one for one in every if one.parsed.statements and (one.query.partial or UNKNOWN_NAME in one.query.sql)
        )
        self.queries = tuple(
            one
            for one in every
            if one.query.origin is not Origin.LITERAL or (one.parsed.statements and not one.named.isdisjoint(names))
        )
        self.queries = tuple(_as_built(one, own or resolver) for one in self.queries)
        self.texts = frozenset(one.query.sql for one in self.queries)
        self.states = [on_schema(one, resolver) for one in self.queries]

    def move(self, resolver: Resolver, changed: frozenset[str]) -> list[tuple[AppQuery, OnSchema, OnSchema]]:
        """The queries that a change of these names can concern, before and after it. Versions share a resolver, for most
        of their queries are the same."""
        moved = []
        for place, (one, before) in enumerate(zip(self.queries, self.states, strict=True)):
            if before.touches.isdisjoint(changed):
                continue
            after = on_schema(one, resolver)
            self.states[place] = after
            moved.append((one, before, after))
        return moved
