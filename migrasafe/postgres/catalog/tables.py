"""Rows of the server's catalog as tables, views and indexes with all their parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrasafe.postgres.catalog.text import (
    ServerTexts,
    bound_sql,
    constraint_sql,
    expression_sql,
    partition_key_sql,
    query_sql,
    type_sql,
)
from migrasafe.schema.evolve.expressions import is_null
from migrasafe.schema.evolve.indexes import index_reads
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.model import (
    Column,
    ColumnGranted,
    ColumnRef,
    Constraint,
    Granted,
    Index,
    Policy,
    Ref,
    RelationKind,
    Table,
    Trigger,
    View,
)
from migrasafe.sql.statements import ConstraintKind, CreateIndex, CreateTrigger, Identity, Persistence

Row = Any
"""A row of one of the questions in sql/; its fields are the columns that the question names."""

_KINDS = {
    "r": RelationKind.TABLE,
    "p": RelationKind.PARTITIONED_TABLE,
    "f": RelationKind.FOREIGN_TABLE,
}
_VIEW_KINDS = {"v": RelationKind.VIEW, "m": RelationKind.MATERIALIZED_VIEW}
_PERSISTENCE = {"p": Persistence.PERMANENT, "u": Persistence.UNLOGGED, "t": Persistence.TEMPORARY}
_REPLICA_IDENTITY = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
_CONSTRAINT_KINDS = {
    "c": ConstraintKind.CHECK,
    "f": ConstraintKind.FOREIGN_KEY,
    "p": ConstraintKind.PRIMARY_KEY,
    "u": ConstraintKind.UNIQUE,
    "x": ConstraintKind.EXCLUDE,
    "n": ConstraintKind.NOT_NULL,
}
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of relations, listed by the oid of the relation they belong to."""

    columns: Mapping[int, list[Column]]
    constraints: Mapping[int, list[Constraint]]
    indexes: Mapping[int, list[Ref]]
    triggers: Mapping[int, list[Trigger]]
    policies: Mapping[int, list[Row]]
    reads: Mapping[int, set[ColumnRef]]
    parents: Mapping[int, list[Ref]] = field(default_factory=dict)
    children: Mapping[int, list[Ref]] = field(default_factory=dict)


def texts_of_tables(
    relations: Iterable[Row], columns: Iterable[Row], constraints: Iterable[Row], indexes: Iterable[Row]
) -> Iterator[str]:
    """Every text of tables that has to be parsed, in the form in which it is asked for."""
    for row in relations:
        if row.query is not None:
            yield query_sql(row.query)
        if row.partition_key is not None:
            yield partition_key_sql(row.partition_key)
        if row.partition_bound is not None:
            yield bound_sql(row.partition_bound)
    for row in columns:
        yield type_sql(row.type)
        if row.default is not None:
            yield expression_sql(row.default)
    for row in constraints:
        if row.kind in "cfx":
            yield constraint_sql(row.definition)
    for row in indexes:
        yield row.definition


# --- parts ------------------------------------------------------------------------------------------------------------


def columns_by_relation(rows: Iterable[Row], texts: ServerTexts) -> Mapping[int, list[Column]]:
    found: dict[int, list[Column]] = defaultdict(list)
    for row in rows:
        expression = texts.expression(row.default)
        found[row.relation].append(
            Column(
                name=row.name,
                type=texts.type(row.type),
                not_null=row.not_null,
                not_null_valid=row.not_null_valid,
                default=expression if not row.generated and not is_null(expression) else None,
                identity=Identity(always=row.identity == "a") if row.identity else None,
                generated=expression if row.generated else None,
                generated_stored=row.generated != "v",
                collation=row.collation,
                inherited=row.inherited,
                local=row.inherited and row.local,
                grants=grants_of(row),
            )
        )
    return found


def constraint_from_row(row: Row, texts: ServerTexts, named: Mapping[int, Ref]) -> Constraint:
    kind = _CONSTRAINT_KINDS[row.kind]
    definition = texts.constraint(row.definition) if row.kind != "n" else None
    return Constraint(
        name=row.name,
        kind=kind,
        columns=tuple(row.columns),
        expression=definition.expression if definition is not None and row.kind == "c" else None,
        references=definition.references if definition is not None else None,
        target=named.get(row.target),
        target_columns=tuple(row.target_columns),
        valid=row.valid,
        enforced=row.enforced,
        deferrable=row.deferrable,
        initially_deferred=row.initially_deferred,
        no_inherit=row.no_inherit,
        include=definition.include if definition is not None else (),
        nulls_not_distinct=definition is not None and definition.nulls_not_distinct,
        without_overlaps=definition is not None and definition.without_overlaps,
        index=named.get(row.index) if row.kind in "pux" else None,
        inherited=row.inherited,
    )


def trigger_from_row(row: Row, texts: ServerTexts) -> Trigger:
    parsed = texts.statement(row.definition)
    written = parsed if isinstance(parsed, CreateTrigger) else None
    return Trigger(
        name=row.name,
        function=Ref(row.function_schema, row.function_name),
        timing=written.timing if written is not None else "after",
        events=written.events if written is not None else (),
        columns=written.columns if written is not None else (),
        row=written is not None and written.row,
        constraint=written is not None and written.constraint,
        enabled=row.enabled,
        inherited=row.inherited,
        reads=frozenset((*written.columns, *columns_used(written.when))) if written is not None else frozenset(),
    )


def _policy(row: Row, texts: ServerTexts) -> Policy:
    return Policy(
        name=row.name,
        command=_COMMANDS.get(row.command, "all"),
        permissive=row.permissive,
        roles=tuple(row.roles),
        using=texts.expression(row.using),
        check=texts.expression(row.check),
        reads=frozenset(row.reads),
    )


# --- relations --------------------------------------------------------------------------------------------------------


def relation_from_row(row: Row, texts: ServerTexts, parts: Parts) -> Table | View | None:
    """The table or view of a row; sequences and indexes have questions of their own."""
    ref = Ref(row.schema, row.name)
    columns = tuple(parts.columns.get(row.oid, ()))
    if row.kind in _VIEW_KINDS:
        return View(
            ref=ref,
            kind=_VIEW_KINDS[row.kind],
            query=texts.query(row.query),
            columns=tuple(column.name for column in columns),
            reads=frozenset(parts.reads.get(row.oid, ())),
            populated=row.populated,
            indexes=tuple(parts.indexes.get(row.oid, ())),
            options=_options(row.options),
            rewritten=bool(parts.triggers.get(row.oid)),
            grants=grants_of(row),
            column_grants=frozenset(ColumnGranted(one.name, granted) for one in columns for granted in one.grants),
        )
    if row.kind not in _KINDS:
        return None
    parents = tuple(parts.parents.get(row.oid, ()))
    children = tuple(parts.children.get(row.oid, ()))
    is_partition = row.partition_bound is not None
    return Table(
        ref=ref,
        kind=_KINDS[row.kind],
        persistence=_PERSISTENCE.get(row.persistence, Persistence.PERMANENT),
        columns=columns,
        constraints=tuple(parts.constraints.get(row.oid, ())),
        indexes=tuple(parts.indexes.get(row.oid, ())),
        triggers=tuple(parts.triggers.get(row.oid, ())),
        policies=tuple(_policy(policy, texts) for policy in parts.policies.get(row.oid, ())),
        row_security=row.row_security,
        row_security_forced=row.row_security_forced,
        partition_by=texts.partition_key(row.partition_key),
        partition_of=parents[0] if is_partition and parents else None,
        bound=texts.bound(row.partition_bound),
        partitions=children if row.kind == "p" else (),
        inherits=() if is_partition else parents,
        children=() if row.kind == "p" else children,
        replica_identity=_REPLICA_IDENTITY.get(row.replica_identity, "default"),
        options=_options(row.options),
        tablespace=row.tablespace,
        access_method=row.access_method,
        of_type=Ref(row.of_type_schema, row.of_type_name) if row.of_type_name is not None else None,
        owner=row.owner,
        grants=grants_of(row),
        rows=row.rows,
    )


def _options(options: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, _, value in (option.partition("=") for option in options))


def grants_of(row: Row) -> frozenset[Granted]:
    """Who but the owner may do what with the relation or column of a row."""
    return frozenset(Granted(role, privilege) for role, privilege in row.grants)


def index_from_row(row: Row, texts: ServerTexts, named: Mapping[int, Ref], tablespace: str | None) -> Index | None:
    """The index of a row; None where its table is not ours to know."""
    ref, table = named.get(row.index), named.get(row.relation)
    parsed = texts.statement(row.definition)
    if ref is None or table is None:
        return None
    if not isinstance(parsed, CreateIndex):
        return Index(ref=ref, table=table, valid=row.valid, constraint=row.constraint)
    return Index(
        ref=ref,
        table=table,
        elements=parsed.elements,
        unique=parsed.unique,
        method=parsed.method,
        predicate=parsed.predicate,
        include=parsed.include,
        reads=index_reads(parsed),
        column_names=tuple(row.column_names),
        nulls_not_distinct=parsed.nulls_not_distinct,
        options=parsed.options,
        valid=row.valid,
        constraint=row.constraint,
        parent=named.get(row.parent),
        tablespace=tablespace,
        replica_identity=row.replica_identity,
    )
