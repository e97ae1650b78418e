"""The catalog of a live server, 12 to 18, as the same value that migrations evolve."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg.rows import namedtuple_row

from migrasafe.errors import ServerError
from migrasafe.postgres.catalog.tables import (
    Parts,
    columns_by_relation,
    constraint_from_row,
    grants_of,
    index_from_row,
    relation_from_row,
    texts_of_tables,
    trigger_from_row,
)
from migrasafe.postgres.catalog.text import ServerTexts
from migrasafe.postgres.catalog.types import functions_by_ref, texts_of_types, type_from_row
from migrasafe.postgres.connect import Connection, major_version
from migrasafe.postgres.queries import query
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.session import path_from_text
from migrasafe.schema.model import (
    BEFORE_HISTORY,
    TEMPORARY_SCHEMA,
    ColumnRef,
    Granted,
    Publication,
    PublishedPart,
    Ref,
    Schema,
    Sequence,
)
from migrasafe.schema.persistent_map import PersistentMap
from migrasafe.sql.expressions import columns_read

STATEMENT_TIMEOUT_SECONDS = 60

_PUBLICATIONS_OF_SCHEMAS_SINCE = 15

Row = Any
"""A row of one of the questions in sql/; its fields are the columns that the question names."""
T = TypeVar("T")


def load_schema(connection: Connection) -> Schema:
    """The schema of the database that `connection` is connected to; everything in it was there before history.

    Reads one state of the catalog in a read-only transaction, each question under a statement timeout. What extensions
    made is left out, except that their types are known to exist. Raises ServerError when the catalog cannot be read.
    """
    try:
        with _one_state(connection):
            search_path = path_from_text(str(_single(connection, "SELECT current_setting('search_path')")))
            connection.execute("SET LOCAL search_path = ''")
            return _Loading(connection, search_path).schema()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ServerError(f"the catalog of the server cannot be read: {reason}") from error


@contextlib.contextmanager
def _one_state(connection: Connection) -> Iterator[None]:
    """A read-only transaction of our own; where one is open already, a savepoint that is rolled back."""
    if connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE:
        connection.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        undo = "ROLLBACK"
    else:
        connection.execute("SAVEPOINT reading_the_catalog")
        undo = "ROLLBACK TO SAVEPOINT reading_the_catalog"
    try:
        connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")
        yield
    finally:
        if not connection.closed:
            connection.execute(undo)


def _single(connection: Connection, sql: str) -> object:
    row = connection.execute(sql).fetchone()
    return row[0] if row is not None else None


class _Loading:
    """The questions, asked one after the other, and their answers put together."""

    def __init__(self, connection: Connection, search_path: tuple[str, ...]) -> None:
        self._connection = connection
        self._texts = ServerTexts()
        self._draft = Draft(Schema(complete=True, search_path=search_path), BEFORE_HISTORY)
        self._relations = self._ask("catalog_relations")
        self._named = {row.oid: Ref(row.schema, row.name) for row in self._relations}

    def schema(self) -> Schema:
        draft = self._draft
        draft.temporary = any(ref.schema == TEMPORARY_SCHEMA for ref in self._named.values())
        draft.schemas = PersistentMap((row.name, BEFORE_HISTORY) for row in self._ask("catalog_schemas"))
        draft.extensions = PersistentMap((row.name, BEFORE_HISTORY) for row in self._ask("catalog_extensions"))
        columns = self._ask("catalog_columns")
        constraints = self._ask("catalog_constraints")
        indexes = self._ask("catalog_indexes")
        self._texts.learn(texts_of_tables(self._relations, columns, constraints, indexes))
        attributes = columns_by_relation(columns, self._texts)
        reads = self._ask("catalog_reads")
        # Types and functions first: what tables and views need is noted as they are put, by what is known then.
        self._put_types_and_functions(attributes, constraints, reads)
        parents, children = self._inheritance()
        parts = Parts(
            columns=attributes,
            constraints=_grouped(
                (row for row in constraints if row.relation),
                lambda row: row.relation,
                lambda row: constraint_from_row(row, self._texts, self._named),
            ),
            indexes=_grouped(
                (row for row in indexes if row.index in self._named),
                lambda row: row.relation,
                lambda row: self._named[row.index],
            ),
            triggers=self._triggers(),
            policies=_grouped(self._ask("catalog_policies"), lambda row: row.relation, lambda row: row),
            reads=_reads((row for row in reads if row.view), lambda row: row.view),
            parents=parents,
            children=children,
        )
        self._put_relations(parts, indexes)
        self._put_publications()
        granted = _grouped(
            self._ask("catalog_default_privileges"),
            lambda row: (row.schema, row.kind),
            lambda row: Granted(row.role, row.privilege),
        )
        draft.default_grants = PersistentMap((place, frozenset(grants)) for place, grants in granted.items())
        return draft.finished()

    def _ask(self, question: str) -> list[Row]:
        sql = query(question).encode()
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return list(cursor.execute(sql).fetchall())

    def _put_types_and_functions(self, attributes: Any, constraints: list[Row], reads: list[Row]) -> None:
        types = self._ask("catalog_types")
        functions = self._ask("catalog_functions")
        self._texts.learn(texts_of_types(types, functions))
        domain_constraints = _grouped(
            (row for row in constraints if row.domain and row.kind == "c"),
            lambda row: row.domain,
            lambda row: constraint_from_row(row, self._texts, self._named),
        )
        for row in types:
            self._draft.put_type(
                type_from_row(row, self._texts, attributes.get(row.relation, ()), domain_constraints.get(row.oid, ()))
            )
        function_reads = _reads((row for row in reads if row.function), lambda row: row.function)
        for ref, overloads in functions_by_ref(functions, self._texts, function_reads).items():
            self._draft.put_functions(ref, tuple(overloads))

    def _inheritance(self) -> tuple[dict[int, list[Ref]], dict[int, list[Ref]]]:
        rows = [
            row for row in self._ask("catalog_inheritance") if row.child in self._named and row.parent in self._named
        ]
        parents = _grouped(rows, lambda row: row.child, lambda row: self._named[row.parent])
        children = _grouped(rows, lambda row: row.parent, lambda row: self._named[row.child])
        return parents, children

    def _triggers(self) -> Any:
        rows = self._ask("catalog_triggers")
        self._texts.learn(row.definition for row in rows)
        return _grouped(rows, lambda row: row.relation, lambda row: trigger_from_row(row, self._texts))

    def _put_relations(self, parts: Parts, indexes: list[Row]) -> None:
        for row in self._relations:
            relation = relation_from_row(row, self._texts, parts)
            if relation is not None:
                self._draft.put(relation)
        tablespaces = {row.oid: row.tablespace for row in self._relations}
        for row in indexes:
            index = index_from_row(row, self._texts, self._named, tablespaces.get(row.index))
            if index is not None:
                self._draft.put(index)
        grants = {row.oid: grants_of(row) for row in self._relations}
        for row in self._ask("catalog_sequences"):
            if row.sequence in self._named:
                owner = ColumnRef(self._named[row.relation], row.column) if row.relation in self._named else None
                ref = self._named[row.sequence]
                self._draft.put(
                    Sequence(
                        ref=ref,
                        type=self._texts.type(row.type),
                        owned_by=owner,
                        grants=grants.get(row.sequence, frozenset()),
                    )
                )

    def _put_publications(self) -> None:
        schemas: dict[str, list[str]] = {}
        if major_version(self._connection) >= _PUBLICATIONS_OF_SCHEMAS_SINCE:
            rows = self._ask("catalog_published_schemas")
            schemas = _grouped(rows, lambda row: row.publication, lambda row: row.schema)
        parts = self._published_parts()
        for row in self._ask("catalog_publications"):
            tables = tuple(self._named[oid] for oid in row.tables if oid in self._named)
            published = tuple(schemas.get(row.name, ()))
            self._draft.put_publication(
                Publication(
                    name=row.name,
                    all_tables=row.all_tables,
                    tables=tables,
                    schemas=published,
                    changes=row.changes,
                    parts=tuple(parts.get(row.name, ())),
                )
            )

    def _published_parts(self) -> dict[str, list[PublishedPart]]:
        """Publication → what it sends in part."""
        if major_version(self._connection) < _PUBLICATIONS_OF_SCHEMAS_SINCE:
            return {}
        rows = [row for row in self._ask("catalog_published_parts") if row.relation in self._named]

        def part(row: Row) -> PublishedPart:
            condition = self._texts.expression(row.filter)
            read = columns_read(condition) if condition is not None else frozenset[str]()
            return PublishedPart(self._named[row.relation], tuple(row.columns), tuple(sorted(read)))

        return _grouped(rows, lambda row: row.publication, part)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Any], value: Callable[[Row], T]) -> dict[Any, list[T]]:
    groups: dict[Any, list[T]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(value(row))
    return dict(groups)


def _reads(rows: Iterable[Row], key: Callable[[Row], int]) -> dict[int, set[ColumnRef]]:
    found: dict[int, set[ColumnRef]] = defaultdict(set)
    for row in rows:
        found[key(row)].add(ColumnRef(Ref(row.schema, row.name), row.column))
    return dict(found)
