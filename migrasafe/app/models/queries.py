"""The queries that an ORM sends for a model: real SQL, in which every column's name stands where the model declares it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migrasafe.app.model import Expectation, Origin, Place, Query
from migrasafe.app.models.model import Model, ModelColumn
from migrasafe.app.usage import SourceLocation
from migrasafe.sql.quote import quote_ident


def queries_of(model: Model, *, deletes: bool = True) -> tuple[Query, ...]:
    """SELECT of all columns, INSERT of as few and as many as it can name, UPDATE of all; DELETE if the app deletes."""
    if not model.columns:
        return ()
    queries = []
    if model.is_read:
        queries += _selects(model)
    if model.is_written:
        queries += _inserts(model) if model.is_inserted else []
        queries += _update(model) if model.is_updated else []
        queries += [_delete(model)] if deletes else []
    return tuple(queries)


class _Writer:
    """SQL, and the places of those parts of it that stand somewhere in the model."""

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.name = name
        self.parts: list[str] = []
        self.places: list[Place] = []
        self.length = 0
        self.parameters = 0
        self.never_null: list[int] = []

    def add(self, sql: str, location: SourceLocation | None = None) -> _Writer:
        where = location or self.model.location
        self.places.append(Place(self.length, where.line, where.column, where.path))
        self.parts.append(sql)
        self.length += len(sql)
        return self

    def table(self) -> _Writer:
        schema = self.model.schema
        return self.add((f"{quote_ident(schema)}." if schema else "") + quote_ident(self.model.table))

    def names(self, columns: Iterable[ModelColumn]) -> _Writer:
        for number, column in enumerate(columns):
            if number:
                self.add(", ")
            self.add(quote_ident(column.name), column.location)
        return self

    def parameter(self) -> str:
        self.parameters += 1
        return f"${self.parameters}"

    def value(self, column: ModelColumn, value: str | None = None) -> _Writer:
        """What is written into a column: `value`, or a parameter. Where it is refused is where the column stands."""
        parameter = value or self.parameter()
        if value is None and not column.nullable:
            self.never_null.append(self.parameters)
        cast = column.parameter_type if value is None else None
        if cast:
            text = "text[]" if cast.endswith("[]") else "text"
            parameter = f"CAST({parameter}::{text} AS {cast})"
        return self.add(parameter, column.location)

    def where_key(self) -> _Writer:
        keys = [column for column in self.model.columns if column.primary_key]
        for number, column in enumerate(keys):
            self.add(" AND " if number else " WHERE ").add(quote_ident(column.name), column.location)
            self.add(f" = {self.parameter()}")
        return self

    def query(self, expects: tuple[Expectation, ...] = ()) -> Query:
        return Query(
            sql="".join(self.parts),
            location=self.model.location,
            origin=Origin.MODEL,
            name=f"{self.name} of model {self.model.name}",
            places=tuple(self.places),
            prepared=self.model.prepared,
            never_null=tuple(self.never_null),
            expects=expects,
        )


def _selects(model: Model) -> list[Query]:
    at_once = [column for column in model.columns if not column.deferred] or list(model.columns)
    groups = [at_once, *([column] for column in model.columns if column.deferred and column not in at_once)]
    queries = []
    for group in groups:
        name = "SELECT" if group is at_once else f"SELECT of {group[0].attribute or group[0].name}"
        writer = _Writer(model, name).add("SELECT ").names(group).add(" FROM ").table().where_key()
        queries.append(writer.query(tuple(found for column in group if (found := _expectation(model, column)))))
    return queries


def _expectation(model: Model, column: ModelColumn) -> Expectation | None:
    not_null = True if not column.nullable else None
    if not_null is None and column.labels is None and column.type is None:
        return None
    return Expectation(
        schema=model.schema,
        table=model.table,
        column=column.name,
        location=column.location,
        not_null=not_null,
        null_fails=model.null_fails,
        labels=column.labels,
        type=column.type,
    )


def _inserts(model: Model) -> list[Query]:
    written = [column for column in model.columns if not column.generated]
    least = [column for column in written if column.always_given or not _is_omitted(model, column)]
    most = [column for column in written if not (column.primary_key and column.database_default)]
    # A column that the program leaves unset and that may be NULL is written as NULL, which SET NOT NULL then refuses.
    unset = {
        column.name: "DEFAULT" if column.database_default else "NULL"
        for column in least
        if not (column.program_default or column.always_given) and (column.nullable or column.database_default)
    }
    queries = [_insert(model, "INSERT of the least", least, unset)]
    if [column.name for column in most] != [column.name for column in least] or unset:
        queries.append(_insert(model, "INSERT", most, {}))
    return queries


def _is_omitted(model: Model, column: ModelColumn) -> bool:
    if column.database_default:
        return column.primary_key or not model.names_defaults
    return column.nullable and not column.program_default and not model.unset_is_null and not column.primary_key


def _insert(model: Model, name: str, columns: Sequence[ModelColumn], unset: Mapping[str, str]) -> Query:
    writer = _Writer(model, name).add("INSERT INTO ").table()
    if not columns:
        writer.add(" DEFAULT VALUES")
    else:
        writer.add(" (").names(columns).add(") VALUES (")
        for number, column in enumerate(columns):
            writer.add(", " if number else "").value(column, unset.get(column.name))
        writer.add(")")
    back = [
        column
        for column in model.columns
        if model.reads_after_insert or (column.primary_key and column.database_default)
    ]
    if back:
        writer.add(" RETURNING ").names(back)
    return writer.query()


def _update(model: Model) -> list[Query]:
    columns = [column for column in model.columns if not column.primary_key and not column.generated]
    if not columns:
        return []
    writer = _Writer(model, "UPDATE").add("UPDATE ").table().add(" SET ")
    for number, column in enumerate(columns):
        writer.add(", " if number else "").add(quote_ident(column.name), column.location)
        writer.add(" = ").value(column)
    return [writer.where_key().query()]


def _delete(model: Model) -> Query:
    return _Writer(model, "DELETE").add("DELETE FROM ").table().where_key().query()
