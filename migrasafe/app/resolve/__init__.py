"""What a query uses, writes and shows on one schema, and what PostgreSQL would refuse about it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from migrasafe.app.resolve.bodies import Bodies, triggers_fired
from migrasafe.app.resolve.context import Context, Ever
from migrasafe.app.resolve.namespace import Col, Names, inner
from migrasafe.app.resolve.select import query
from migrasafe.app.resolve.updatable import write_through_views
from migrasafe.app.resolve.values import Insertion, Mentioned, Output, Problem, Resolution, Use, Written
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.evolve import with_search_path
from migrasafe.schema.model import Ref, Schema, View
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse

__all__ = [
    "Ever",
    "Insertion",
    "Mentioned",
    "Output",
    "Parsed",
    "Problem",
    "Resolution",
    "Resolver",
    "Use",
    "Written",
    "read_query",
]

_EVENTS = {Action.INSERTS: "insert", Action.WRITES: "update", Action.DELETES: "delete"}


class Parsed(Struct, frozen=True, kw_only=True):
    """A query as a tree; without statements where it could not be read, for a reason."""

    statements: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""


@lru_cache(maxsize=16_384)
def read_query(sql: str) -> Parsed:
    """The parse trees of the text. Raises nothing: SQL that cannot be read gives a reason."""
    try:
        return Parsed(statements=tuple(tree["stmt"] for tree in parse(sql)))
    except ParserError as error:
        return Parsed(reason=error.message)
    except TooDeepError:
        return Parsed(reason="nested too deeply to be analysed")
    except ValueError as error:
        return Parsed(reason=str(error))


class Resolver:
    """Resolves queries on one schema; what it learns about views serves all of them."""

    def __init__(self, schema: Schema, ever: Ever | None = None) -> None:
        self.schema = schema
        self.ever = ever or Ever()
        self._known: dict[tuple[int, tuple[str, ...] | None], tuple[Parsed, Resolution]] = {}
        self._views: dict[Ref, tuple[Col, ...] | None] = {}

    def resolve(self, parsed: Parsed, search_path: tuple[str, ...] | None = None) -> Resolution:
        """Everything about the statements of one query. Raises nothing: what is not understood is `opaque`."""
        key = (id(parsed), search_path)  # the value keeps the tree, and with it the id
        if key not in self._known:
            self._known[key] = (parsed, self._resolve(parsed, search_path))
        return self._known[key][1]

    def _resolve(self, parsed: Parsed, search_path: tuple[str, ...] | None) -> Resolution:
        from migrasafe.app.resolve.commands import command, command_name

        schema = self.schema if search_path is None else with_search_path(self.schema, search_path)
        ctx = Context(schema, self.ever)
        bodies = Bodies(ctx)
        ctx.query = lambda node, names: query(ctx, node, names)
        ctx.view_columns = self._columns_of_view
        ctx.into_function = bodies.of_function
        outputs: tuple[Output, ...] | None = ()
        try:
            for node in parsed.statements:
                ctx.stars = 0
                shown = command(ctx, node)
                star = ctx.stars > 0
                outputs = tuple(Output(name=one.name, type=one.type, column=one.origin) for one in inner(shown.columns))
                outputs = outputs if shown.complete else None
            write_through_views(ctx)
            triggers_fired(ctx, bodies, _writes(ctx))
        except RecursionError:
            return Resolution(command="", opaque="nested too deeply to be analysed", outputs=None)
        return Resolution(
            command=command_name(parsed.statements[-1]) if parsed.statements else "",
            uses=tuple(ctx.uses.values()),
            problems=tuple(ctx.problems),
            outputs=outputs,
            star=bool(parsed.statements) and star,
            insertions=tuple(ctx.insertions),
            writes=tuple(ctx.writes),
            mentions=tuple(ctx.mentions),
            passed=tuple(ctx.passed),
            opaque="; ".join((*([parsed.reason] if parsed.reason else ()), *ctx.opaque)),
        )

    def _columns_of_view(self, view: View) -> tuple[Col, ...] | None:
        """The columns of a view with their types, where its query still reads as it was written."""
        if view.ref not in self._views:
            self._views[view.ref] = None  # against views that name themselves
            if view.query is not None:
                ctx = Context(self.schema, self.ever)
                ctx.query = lambda node, names: query(ctx, node, names)
                ctx.view_columns = self._columns_of_view
                try:
                    shown = query(ctx, view.query.node, Names())
                except RecursionError:
                    return None
                self._views[view.ref] = shown.columns if shown.complete and not ctx.problems else None
        return self._views[view.ref]


def _writes(ctx: Context) -> dict[Ref, tuple[frozenset[str], int]]:
    """What a query writes itself: table → the events of triggers, and where its name stands."""
    found: dict[Ref, tuple[frozenset[str], int]] = {}
    for use in ctx.uses.values():
        if use.kind is ObjectKind.TABLE and use.object is not None and use.action in _EVENTS:
            events, offset = found.get(use.object, (frozenset[str](), use.offset))
            found[use.object] = (events | {_EVENTS[use.action]}, offset)
        elif use.kind is ObjectKind.COLUMN and use.object in found and use.action is Action.WRITES:
            events, offset = found[use.object]
            found[use.object] = (events | {"update"}, offset)
    return found
