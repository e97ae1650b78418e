"""CREATE INDEX, and the indexes that partitions get from the table above them."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.free_names import free_name
from migrasafe.schema.evolve.generated_names import clipped, index_column_names, joined_columns
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.evolve.type_names import is_composite
from migrasafe.schema.model import Constraint, Index, Ref, RelationKind, Table, View
from migrasafe.schema.same_index import same_index
from migrasafe.sql.statements import ConstraintKind, CreateIndex

_LABELS = {ConstraintKind.PRIMARY_KEY: "pkey", ConstraintKind.UNIQUE: "key", ConstraintKind.EXCLUDE: "excl"}


def create_index(draft: Draft, statement: CreateIndex) -> None:
    """CREATE INDEX, down to the partitions unless ONLY."""
    target = draft.named(statement.table)
    if not isinstance(target, (Table, View)):
        return
    if statement.name is not None:
        ref = Ref(target.ref.schema, clipped(statement.name))
        if statement.if_not_exists and is_composite(draft, ref):
            return
        if ref in draft.relations:
            if statement.if_not_exists or draft.existing_stays or draft.index(ref) is None:
                return
            remove_index(draft, ref)
            target = draft.named(statement.table)
            if not isinstance(target, (Table, View)):
                return
    else:
        ref = free_index_ref(draft, target.ref, index_column_names(statement.elements, statement.include), None)
    partitions = target.partitions if isinstance(target, Table) else ()
    index = Index(
        ref=ref,
        table=target.ref,
        elements=statement.elements,
        unique=statement.unique,
        method=statement.method,
        predicate=statement.predicate,
        include=statement.include,
        reads=index_reads(statement),
        column_names=index_column_names(statement.elements, statement.include),
        nulls_not_distinct=statement.nulls_not_distinct,
        options=statement.options,
        valid=not (statement.only and partitions),
        tablespace=statement.tablespace,
        born=draft.moment,
    )
    add_index(draft, target, index)
    if not statement.only:
        for partition in partitions:
            give_index_to_partition(draft, index, None, partition)


def index_reads(index: CreateIndex | Index) -> frozenset[str]:
    """Every column an index needs: keys, expressions, predicate, INCLUDE."""
    reads = set(index.include)
    for element in index.elements:
        if element.column is not None:
            reads.add(element.column)
        else:
            reads.update(columns_used(element.expression))
    reads.update(columns_used(index.predicate))
    return frozenset(reads)


def free_index_ref(
    draft: Draft,
    table: Ref,
    column_names: tuple[str, ...],
    constraint: ConstraintKind | None,
) -> Ref:
    """The name PostgreSQL gives to an index that was given none: ChooseIndexName."""
    label = "idx" if constraint is None else _LABELS[constraint]
    columns = None
    if constraint is not ConstraintKind.PRIMARY_KEY:
        columns = joined_columns(column_names) or None

    def is_taken(name: str) -> bool:
        ref = Ref(table.schema, name)
        return ref in draft.relations or (constraint is not None and draft.names_constraint(ref))

    return Ref(table.schema, free_name(draft, table.schema, table.name, columns, label, is_taken))


def add_index(draft: Draft, target: Table | View, index: Index) -> None:
    """Put an index and list it with its table."""
    draft.put(index)
    draft.put(replace(target, indexes=(*target.indexes, index.ref)))


def remove_index(draft: Draft, ref: Ref) -> None:
    """Take out an index with those attached to it, the constraint it stands behind, and the keys that lean on it."""
    index = draft.index(ref)
    if index is None:
        return
    _lose_keys(draft, index)
    draft.take(ref)
    target = draft.relations.get(index.table)
    if isinstance(target, Table):
        kept = tuple([c for c in target.constraints if c.index != ref])
        constraints = target.constraints if len(kept) == len(target.constraints) else kept
        indexes = tuple([one for one in target.indexes if one != ref])
        draft.put(replace(target, indexes=indexes, constraints=constraints))
        for child in attached_indexes(draft, target, ref):
            remove_index(draft, child.ref)
    elif isinstance(target, View):
        draft.put(replace(target, indexes=tuple([one for one in target.indexes if one != ref])))


def _lose_keys(draft: Draft, index: Index) -> None:
    """Take out the FOREIGN KEYs, anywhere, that lean on a unique index: the primary key where they name no columns, else the
    first index over just those columns."""
    table = draft.table(index.table)
    columns = _keyed(index)
    if table is None or not columns:
        return
    first = next((one for one in map(draft.index, table.indexes) if one is not None and _keyed(one) == columns), None)
    primary = table.primary_key
    is_primary = primary is not None and primary.index == index.ref
    for dependent in (table.ref, *draft.links.of(table.ref)):
        other = draft.table(dependent)
        if other is None:
            continue
        kept = tuple(
            c
            for c in other.constraints
            if c.target != table.ref
            or frozenset(c.target_columns) != columns
            or not (is_primary if c.references is not None and not c.references.columns else index is first)
        )
        if len(kept) < len(other.constraints):
            draft.put(replace(other, constraints=kept))


def _keyed(index: Index) -> frozenset[str | None]:
    """The columns that a FOREIGN KEY to this index names; none where it cannot lean on it."""
    if not index.unique or index.predicate is not None:
        return frozenset()
    return frozenset(element.column for element in index.elements)


def rebuild_indexes(draft: Draft, table: Table, column: str) -> None:
    """A column of another type: each index over it is made anew, and calls its columns what the table calls them now.

    Of a partitioned table, those of its partitions are made anew from it, by no name of their own, once all have gone."""
    over = [index for index in map(draft.index, table.indexes) if index is not None and column in index.reads]
    for index in over:
        for attached in attached_indexes(draft, table, index.ref) if index.parent is None else ():
            remove_index(draft, attached.ref)
    for old in over:
        index = replace(old, column_names=index_column_names(old.elements, old.include))
        if table.partitions and index.parent is None:
            index = replace(index, valid=True)
        draft.put(index)
        constraint = table.constraint(index.constraint) if index.constraint is not None else None
        for partition in table.partitions if index.parent is None else ():
            give_index_to_partition(draft, index, constraint, partition, anew=True)


def attached_indexes(draft: Draft, table: Table, parent: Ref) -> list[Index]:
    """The indexes of the partitions of `table` that are attached to its index `parent`."""
    found = []
    for partition in table.partitions:
        child = draft.table(partition)
        for ref in child.indexes if child is not None else ():
            index = draft.index(ref)
            if index is not None and index.parent == parent:
                found.append(index)
    return found


# --- partitions -------------------------------------------------------------------------------------------------------


def give_index_to_partition(
    draft: Draft, parent: Index, constraint: Constraint | None, partition: Ref, *, anew: bool = False
) -> None:
    """Attach the index of a partition that matches the one above it, or make one (`anew`: in any case); and so on down."""
    child = draft.table(partition)
    if child is None or child.kind is RelationKind.FOREIGN_TABLE:
        return
    match = None if anew else _matching_index(draft, child, parent, constraint)
    if match is not None:
        draft.put(replace(match, parent=parent.ref))
        own = child.constraint(match.constraint) if match.constraint is not None else None
        if constraint is not None and own is not None:
            constraints = tuple(replace(c, inherited=True) if c is own else c for c in child.constraints)
            draft.put(replace(child, constraints=constraints))
        return  # as it is valid, what is below it has one from there
    kind = constraint.kind if constraint is not None else None
    ref = free_index_ref(draft, partition, parent.column_names, kind)
    name = ref.name if constraint is not None else None
    index = replace(parent, ref=ref, table=partition, parent=parent.ref, constraint=name, valid=True, born=draft.moment)
    draft.put(index)
    constraints = child.constraints
    if constraint is not None:
        constraint = replace(constraint, name=ref.name, index=ref, inherited=True, born=draft.moment)
        constraints = (*constraints, constraint)
    draft.put(replace(child, indexes=(*child.indexes, ref), constraints=constraints))
    for below in child.partitions:
        give_index_to_partition(draft, index, constraint, below, anew=anew)


def _matching_index(draft: Draft, child: Table, parent: Index, constraint: Constraint | None) -> Index | None:
    for ref in child.indexes:
        index = draft.index(ref)
        if index is None or index.parent is not None or not index.valid:
            continue
        if (index.constraint is not None) == (constraint is not None) and same_index(index, parent):
            return index
    return None


def attach_index(draft: Draft, parent: Index, child: Index) -> None:
    """ALTER INDEX … ATTACH PARTITION: the index above is valid once every partition has one."""
    draft.put(replace(child, parent=parent.ref))
    table = draft.table(parent.table)
    partition = draft.table(child.table)
    if partition is not None and child.constraint is not None and parent.constraint is not None:
        constraints = tuple(
            replace(c, inherited=True) if c.name == child.constraint else c for c in partition.constraints
        )
        draft.put(replace(partition, constraints=constraints))
    if table is None or parent.valid:
        return
    if child.valid and len(attached_indexes(draft, table, parent.ref)) >= len(table.partitions):
        draft.put(replace(parent, valid=True))
        above = draft.index(parent.parent) if parent.parent is not None else None
        if above is not None:
            attach_index(draft, above, replace(parent, valid=True))
