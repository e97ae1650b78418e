"""Inspector questions answered from the catalog of what the revisions have made so far."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy.dialects.postgresql import ARRAY, ENUM
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import NULLTYPE, TypeEngine

from migrasafe.migrations.alembic.runner.catalog import Catalog
from migrasafe.migrations.alembic.runner.recorder import Recorder
from migrasafe.schema.model import Column, Constraint, EnumType, Ref, RelationKind, Schema, Sequence, Table, View
from migrasafe.sql.statements import ConstraintKind, TypeName

_LONG_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "serial": "integer",
    "bigserial": "bigint",
    "smallserial": "smallint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "bpchar": "character",
    "varchar": "character varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
    "varbit": "bit varying",
}
_DROPPERS = ("_can_drop", "visit_table", "visit_enum", "visit_sequence", "visit_index")


class CatalogReflection:
    """The questions that a dialect asks a server about its objects. Mixed in before the dialect that would ask one."""

    recorder: Recorder
    catalog: Catalog

    def _asked(self, about: str) -> Schema:
        self.recorder.asked(about)
        return self.catalog.schema()

    def _table(self, name: str, schema: str | None) -> tuple[Schema, Table]:
        known = self._asked(name)
        table = known.table(known.resolve(schema, str(name)))
        if table is None:
            raise NoSuchTableError(f"{schema}.{name}" if schema else str(name))
        return known, table

    # --- is there …? ---

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> bool:
        known = self._asked(table_name)
        found = known.relation(known.resolve(schema, str(table_name)))
        if found is None and not _is_dropping():
            self.recorder.not_there(str(table_name))
        return isinstance(found, Table | View) or (found is None and _is_dropping())

    def has_multi_table(self, connection: Any, table_names: Any, schema: str | None = None, **options: Any) -> Any:
        return [((schema, name), self.has_table(connection, name, schema)) for name in table_names]

    def has_index(
        self, connection: Any, table_name: str, index_name: str, schema: str | None = None, **options: Any
    ) -> bool:
        known = self._asked(index_name)
        index = known.index(known.resolve(schema, str(index_name)))
        return index is not None and index.table.name == table_name

    def has_sequence(self, connection: Any, sequence_name: str, schema: str | None = None, **options: Any) -> bool:
        known = self._asked(sequence_name)
        return isinstance(known.relation(known.resolve(schema, str(sequence_name))), Sequence) or _is_dropping()

    def has_type(self, connection: Any, type_name: str, schema: str | None = None, **options: Any) -> bool:
        known = self.catalog.schema()
        return known.resolve_type(schema, str(type_name)) in known.types or _is_dropping()

    def has_schema(self, connection: Any, schema_name: str, **options: Any) -> bool:
        return schema_name in ("public", "pg_catalog", "information_schema") or schema_name in self._asked("").schemas

    # --- which are there? ---

    def get_schema_names(self, connection: Any, **options: Any) -> Any:
        return sorted({"public", "information_schema", *self._asked("").schemas.keys()})

    def get_table_names(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        names = self._names(schema, lambda found: isinstance(found, Table))
        if not names:
            self.recorder.not_there()
        return names

    def get_temp_table_names(self, connection: Any, **options: Any) -> Any:
        return []

    def get_view_names(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        return self._names(schema, lambda found: isinstance(found, View) and found.kind is RelationKind.VIEW)

    def get_materialized_view_names(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        return self._names(
            schema, lambda found: isinstance(found, View) and found.kind is RelationKind.MATERIALIZED_VIEW
        )

    def get_temp_view_names(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        return []

    def get_sequence_names(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        return self._names(schema, lambda found: isinstance(found, Sequence))

    def _names(self, schema: str | None, wanted: Any) -> list[str]:
        known = self._asked("")
        return sorted(
            ref.name for ref, found in known.relations.items() if ref.schema == (schema or "public") and wanted(found)
        )

    # --- what is it made of? ---

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        known, table = self._table(table_name, schema)
        return [_column(known, column) for column in table.columns]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        _, table = self._table(table_name, schema)
        key = table.primary_key
        return {
            "constrained_columns": list(key.columns) if key else [],
            "name": key.name if key else None,
            "comment": None,
        }

    def get_foreign_keys(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        known, table = self._table(table_name, schema)
        return [_foreign_key(known, one) for one in _constraints(table, ConstraintKind.FOREIGN_KEY)]

    def get_unique_constraints(
        self, connection: Any, table_name: str, schema: str | None = None, **options: Any
    ) -> Any:
        _, table = self._table(table_name, schema)
        return [
            {"name": one.name, "column_names": list(one.columns), "comment": None}
            for one in _constraints(table, ConstraintKind.UNIQUE)
        ]

    def get_check_constraints(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        _, table = self._table(table_name, schema)
        return [{"name": one.name, "sqltext": "", "comment": None} for one in _constraints(table, ConstraintKind.CHECK)]

    def get_indexes(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        known, table = self._table(table_name, schema)
        primary = table.primary_key
        return [
            {
                "name": index.ref.name,
                "unique": index.unique,
                "column_names": [element.column for element in index.elements],
                "include_columns": list(index.include),
                "dialect_options": {"postgresql_include": list(index.include)},
                **({"duplicates_constraint": index.constraint} if index.constraint else {}),
            }
            for index in known.indexes_of(table)
            if primary is None or index.constraint != primary.name
        ]

    def get_table_comment(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        self._table(table_name, schema)
        return {"text": None}

    def get_table_options(self, connection: Any, table_name: str, schema: str | None = None, **options: Any) -> Any:
        return {}

    def get_enums(self, connection: Any, schema: str | None = None, **options: Any) -> Any:
        """For PGInspector.get_enums, which asks the dialect for them."""
        known = self._asked("")
        return [
            _enum(one)
            for one in known.types.values()
            if isinstance(one, EnumType) and schema in (None, "*", one.ref.schema)
        ]

    _load_enums = get_enums

    # PGDialect answers these for many tables with one query each; the default asks the methods above, table by table.
    get_multi_columns = DefaultDialect.get_multi_columns
    get_multi_pk_constraint = DefaultDialect.get_multi_pk_constraint
    get_multi_foreign_keys = DefaultDialect.get_multi_foreign_keys
    get_multi_unique_constraints = DefaultDialect.get_multi_unique_constraints
    get_multi_check_constraints = DefaultDialect.get_multi_check_constraints
    get_multi_indexes = DefaultDialect.get_multi_indexes
    get_multi_table_comment = DefaultDialect.get_multi_table_comment
    get_multi_table_options = DefaultDialect.get_multi_table_options


def _is_dropping() -> bool:
    """Whether SQLAlchemy asks in order to drop: what we never saw being made is then taken to exist."""
    frame = sys._getframe(2)
    for _ in range(4):
        if frame.f_back is None:
            return False
        owner = frame.f_locals.get("self")
        if frame.f_code.co_name.startswith(_DROPPERS) and "Drop" in type(owner).__name__:
            return True
        frame = frame.f_back
    return False


def _constraints(table: Table, kind: ConstraintKind) -> Iterator[Constraint]:
    return (one for one in table.constraints if one.kind is kind)


def _column(schema: Schema, column: Column) -> dict[str, Any]:
    serial = column.type is not None and column.type.name.endswith("serial")
    return {
        "name": column.name,
        "type": _type(schema, column.type),
        "nullable": not column.not_null,
        "default": None,
        "autoincrement": serial or column.identity is not None,
        "comment": None,
    }


def _type(schema: Schema, spelled: TypeName | None) -> TypeEngine[Any]:
    if spelled is None:
        return NULLTYPE
    if spelled.array:
        element = TypeName(schema=spelled.schema, name=spelled.name, modifiers=spelled.modifiers)
        return ARRAY(_type(schema, element))
    own = schema.types.get(schema.resolve_type(spelled.schema, spelled.name))
    if isinstance(own, EnumType):
        return ENUM(*own.labels, name=own.ref.name, create_type=False)
    name = _LONG_NAMES.get(spelled.name, spelled.name)
    kind: Any = ischema_names.get(name)
    if kind is None:
        return NULLTYPE
    numbers = [int(one) for one in spelled.modifiers if one.lstrip("-").isdigit()]
    made: TypeEngine[Any]
    if name.startswith("time"):
        made = kind(timezone="with time zone" in name, precision=numbers[0] if numbers else None)
    elif name in ("character varying", "character", "numeric", "bit"):
        made = kind(*numbers)
    else:
        made = kind()
    return made


def _foreign_key(schema: Schema, key: Constraint) -> dict[str, Any]:
    target = key.target or Ref("public", "")
    options = {}
    if key.references is not None:
        options = {
            name: action
            for name, action in (("ondelete", key.references.on_delete), ("onupdate", key.references.on_update))
            if action != "NO ACTION"
        }
    columns = key.target_columns
    if not columns and (table := schema.table(target)) is not None and table.primary_key is not None:
        columns = table.primary_key.columns
    return {
        "name": key.name,
        "constrained_columns": list(key.columns),
        "referred_schema": None if target.schema in schema.search_path else target.schema,
        "referred_table": target.name,
        "referred_columns": list(columns),
        "options": options,
        "comment": None,
    }


def _enum(kind: EnumType) -> dict[str, Any]:
    return {"name": kind.ref.name, "schema": kind.ref.schema, "visible": True, "labels": list(kind.labels)}
