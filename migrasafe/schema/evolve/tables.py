"""CREATE TABLE in all its forms."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.cascade import remove_relation
from migrasafe.schema.evolve.columns import each_once, new_column, new_sequence
from migrasafe.schema.evolve.constraints import (
    check_constraint,
    copied_checks,
    foreign_key,
    indexed_constraint,
)
from migrasafe.schema.evolve.distinct_keys import distinct_keys
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.indexes import free_index_ref
from migrasafe.schema.evolve.partitions import inherited_columns, take_from_parent
from migrasafe.schema.evolve.type_names import is_composite
from migrasafe.schema.model import Column, Composite, Constraint, Index, Ref, RelationKind, Table, View
from migrasafe.sql.statements import ColumnDef, ConstraintDef, ConstraintKind, CreateTable, LikeClause, TypeName

_NOTHING: frozenset[str] = frozenset()
# By names of their own: until Python 3.12 it takes ten times as long to find a member in its enum.
_PRIMARY_KEY, _NOT_NULL = ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL
_FOREIGN_KEY, _CHECK = ConstraintKind.FOREIGN_KEY, ConstraintKind.CHECK

_TYPE_OF_COPIED_SEQUENCES = TypeName(name="int8")
"""Whatever the type of the identity column is: LIKE … INCLUDING IDENTITY copies what the sequence counts, not its type."""


def create_table(draft: Draft, statement: CreateTable) -> None:
    """CREATE [FOREIGN] TABLE, also LIKE, INHERITS, PARTITION OF and OF type."""
    ref = draft.place(statement.name, statement.persistence)
    if statement.if_not_exists and is_composite(draft, ref):
        return
    if ref in draft.relations:
        if statement.if_not_exists or draft.existing_stays:
            return
        remove_relation(draft, ref)
    parents = _parents(draft, statement)
    likes = [(clause, source) for clause in statement.like if (source := _like_source(draft, clause)) is not None]
    of_type = draft.find_type(statement.of_type) if statement.of_type is not None else None
    constraints = _all_constraints(statement)
    key = next((c.columns for c in constraints if c.kind is _PRIMARY_KEY), ())
    columns = each_once(_columns(draft, ref, statement, parents, likes, of_type, key))
    made, indexes = _constraints(
        draft, ref, constraints, parents, likes, key or _key_from_others(statement, parents, likes)
    )
    complete = (
        all(parent.complete for parent in parents)
        and all(source.complete for _, source in likes)
        and (of_type is None or isinstance(draft.types.get(of_type), Composite))
    )
    table = Table(
        ref=ref,
        kind=_kind(statement),
        persistence=statement.persistence,
        columns=tuple(columns),
        constraints=tuple(made),
        indexes=tuple(indexes),
        partition_by=statement.partition_by,
        partition_of=parents[0].ref if statement.partition_of is not None and parents else None,
        bound=statement.bound,
        inherits=tuple(parent.ref for parent in parents) if statement.inherits else (),
        options=statement.options,
        tablespace=statement.tablespace,
        access_method=statement.access_method,
        of_type=of_type,
        complete=complete,
        born=draft.moment,
    )
    draft.put(table)
    for clause, source in likes:
        if "indexes" in clause.including:
            _copy_indexes(draft, ref, source)
    _join_parents(draft, table, parents)


def _key_from_others(
    statement: CreateTable, parents: list[Table], likes: list[tuple[LikeClause, Table]]
) -> tuple[str, ...]:
    """The primary key that comes from the partitioned table, or with LIKE … INCLUDING INDEXES."""
    sources = [source for clause, source in likes if "indexes" in clause.including]
    sources += parents if statement.partition_of is not None else []
    return next((one.columns for source in sources if (one := source.primary_key) is not None), ())


def _like_source(draft: Draft, clause: LikeClause) -> Table | None:
    """What LIKE copies: a table, or the columns of a view or of a composite type."""
    ref = draft.resolve(*clause.table)
    relation = draft.relations.get(ref)
    if isinstance(relation, View):
        columns = tuple(Column(name=name, type=None) for name in relation.columns)
        return Table(ref=ref, columns=columns, complete=relation.complete)
    composite = draft.types.get(ref) if relation is None else None
    if isinstance(composite, Composite):
        return Table(ref=ref, columns=composite.attributes)
    return draft.table_named(clause.table)


def _kind(statement: CreateTable) -> RelationKind:
    if statement.foreign_server is not None:
        return RelationKind.FOREIGN_TABLE
    return RelationKind.TABLE if statement.partition_by is None else RelationKind.PARTITIONED_TABLE


def _parents(draft: Draft, statement: CreateTable) -> list[Table]:
    names = statement.inherits if statement.partition_of is None else (statement.partition_of,)
    made = draft.place(statement.name, statement.persistence)
    tables = [table for name in names if (table := draft.table_named(name)) is not None]
    return [table for table in tables if table.ref != made]


def _join_parents(draft: Draft, table: Table, parents: list[Table]) -> None:
    for parent in parents:
        current = draft.table(parent.ref)
        if current is None:
            continue
        if table.partition_of is not None:
            draft.put(
                replace(current, kind=RelationKind.PARTITIONED_TABLE, partitions=(*current.partitions, table.ref))
            )
            take_from_parent(draft, parent.ref, table.ref)
        else:
            draft.put(replace(current, children=(*current.children, table.ref)))


# --- columns ----------------------------------------------------------------------------------------------------------


def _columns(
    draft: Draft,
    ref: Ref,
    statement: CreateTable,
    parents: list[Table],
    likes: list[tuple[LikeClause, Table]],
    of_type: Ref | None,
    key: tuple[str, ...],
) -> list[Column]:
    columns = inherited_columns(parents, draft) if parents else []
    for clause, source in likes:
        columns.extend(_like_column(draft, ref, column, clause.including) for column in source.columns)
    if of_type is not None:
        composite = draft.types.get(of_type)
        if isinstance(composite, Composite):
            columns.extend(replace(attribute, born=draft.moment) for attribute in composite.attributes)
    if not columns:
        return [new_column(draft, ref, definition, key=definition.name in key) for definition in statement.columns]
    places = {column.name: place for place, column in enumerate(columns)}
    for definition in statement.columns:
        place = places.get(definition.name)
        made = new_column(draft, ref, definition, key=definition.name in key)
        if place is None:
            columns.append(made)
        else:
            columns[place] = _merged(columns[place], made, definition, partition=statement.partition_of is not None)
    return [
        replace(column, not_null=True) if column.name in key and not column.not_null else column for column in columns
    ]


def _merged(above: Column, own: Column, definition: ColumnDef, *, partition: bool) -> Column:
    """A column that comes from above and is written again: its own default and NOT NULL are added."""
    return replace(
        above,
        default=own.default if definition.default is not None or own.default is not None else above.default,
        not_null=above.not_null or own.not_null,
        generated=own.generated or above.generated,
        identity=own.identity or above.identity,
        local=above.inherited and not partition,
        born=own.born,
    )


def _like_column(draft: Draft, ref: Ref, column: Column, including: frozenset[str]) -> Column:
    identity = column.identity if "identity" in including else None
    if identity is not None:
        new_sequence(draft, ref, column.name, _TYPE_OF_COPIED_SEQUENCES)
    return replace(
        column,
        default=column.default if "defaults" in including else None,
        generated=column.generated if "generated" in including else None,
        identity=identity,
        inherited=False,
        local=False,
        grants=frozenset(),
        born=draft.moment,
    )


# --- constraints ------------------------------------------------------------------------------------------------------


def _all_constraints(statement: CreateTable) -> list[ConstraintDef]:
    constraints = [c for column in statement.columns for c in column.constraints]
    constraints.extend(statement.constraints)
    return constraints


def _constraints(
    draft: Draft,
    ref: Ref,
    definitions: list[ConstraintDef],
    parents: list[Table],
    likes: list[tuple[LikeClause, Table]],
    key: tuple[str, ...],
) -> tuple[list[Constraint], list[Ref]]:
    """In PostgreSQL's order, which decides the generated names: checks, primary key, unique, foreign keys."""
    made: dict[str, Constraint] = {}
    for parent in parents:
        made.update((c.name, c) for c in copied_checks(draft, parent))
    for clause, source in likes:
        if "constraints" in clause.including:
            checks = (c for c in source.constraints if c.kind is _CHECK)
            made.update((c.name, replace(c, inherited=False, valid=c.enforced, born=draft.moment)) for c in checks)
    indexes: list[Ref] = []
    # Names are taken while the table is being made, so that its own generated ones differ from each other.
    draft.reserved = reserved = {Ref(ref.schema, name) for name in made}

    def keep(constraint: Constraint) -> None:
        made[constraint.name] = constraint
        reserved.add(Ref(ref.schema, constraint.name))

    for definition in definitions:
        if definition.kind is _CHECK:
            keep(check_constraint(draft, ref, definition, new_table=True))
        elif definition.kind is _NOT_NULL and definition.name is not None:
            keep(Constraint(name=definition.name, kind=definition.kind, columns=definition.columns, born=draft.moment))
    for definition in distinct_keys(definitions):
        constraint, index = indexed_constraint(draft, ref, definition)
        keep(constraint)
        if index.ref not in indexes:
            indexes.append(index.ref)
    for definition in definitions:
        if definition.kind is _FOREIGN_KEY:
            keep(foreign_key(draft, ref, definition, key, new_table=True))
    draft.reserved = frozenset()
    return list(made.values()), indexes


def _copy_indexes(draft: Draft, ref: Ref, source: Table) -> None:
    """LIKE … INCLUDING INDEXES: each under a name of its own, with the constraint it stands behind."""
    for index_ref in source.indexes:
        index = draft.index(index_ref)
        table = draft.table(ref)
        if index is None or table is None:
            continue
        constraint = source.constraint(index.constraint) if index.constraint is not None else None
        if constraint is not None and constraint.kind is _PRIMARY_KEY and table.primary_key is not None:
            continue
        kind = constraint.kind if constraint is not None else None
        new_ref = free_index_ref(draft, ref, index.column_names, kind)
        name = new_ref.name if constraint is not None else None
        draft.put(_copied(index, new_ref, ref, name, draft))
        constraints = table.constraints
        columns = table.columns
        if constraint is not None:
            copy = replace(constraint, name=new_ref.name, index=new_ref, inherited=False, born=draft.moment)
            constraints = (*constraints, copy)
            if constraint.kind is _PRIMARY_KEY:
                columns = tuple(replace(c, not_null=True) if c.name in constraint.columns else c for c in columns)
        draft.put(replace(table, indexes=(*table.indexes, new_ref), constraints=constraints, columns=columns))


def _copied(index: Index, ref: Ref, table: Ref, constraint: str | None, draft: Draft) -> Index:
    return replace(
        index,
        ref=ref,
        table=table,
        constraint=constraint,
        parent=None,
        valid=True,
        replica_identity=False,
        born=draft.moment,
    )
