"""An object under a new full name: itself, and everything that mentions it."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.expressions import nextval_of, sequence_of_default
from migrasafe.schema.model import (
    Column,
    ColumnRef,
    Composite,
    Constraint,
    Domain,
    Function,
    Index,
    Ref,
    Relation,
    Sequence,
    Table,
    Type,
    View,
)
from migrasafe.sql.statements import TypeName

Named = TypeVar("Named", Table, View, Sequence, Index)


def move_relation(draft: Draft, old: Ref, new: Ref) -> None:
    """Give a relation a new full name; what is already there under that name stays."""
    relation = draft.relations.get(old)
    if relation is None or new in draft.relations or old == new:
        return
    neighbours = _neighbours(draft, relation)
    draft.take(old)
    neighbours.extend(draft.links.move(old, new, is_shared=draft.names_more(old, draft.relations)))
    moved = _swapped(replace(relation, ref=new), old, new)
    draft.put(moved)
    for ref in dict.fromkeys(neighbours):
        other = draft.relations.get(new if ref == old else ref)
        if other is not None:
            draft.put(_swapped(other, old, new))
        _swap_in_type(draft, ref, old, new)
        _swap_in_functions(draft, ref, old, new)
    for publication in draft.publications.values():
        if old in publication.tables:
            tables = tuple(new if table == old else table for table in publication.tables)
            parts = tuple(replace(one, table=new) if one.table == old else one for one in publication.parts)
            draft.put_publication(replace(publication, tables=tables, parts=parts))


def _neighbours(draft: Draft, relation: Relation) -> list[Ref]:
    """The relations that list this one without depending on it."""
    if isinstance(relation, Table):
        found = [*relation.indexes, *relation.partitions, *relation.children, *relation.inherits]
        return found if relation.partition_of is None else [*found, relation.partition_of]
    if isinstance(relation, View):
        return list(relation.indexes)
    if isinstance(relation, Sequence):
        return []
    found = [relation.table] if relation.parent is None else [relation.table, relation.parent]
    table = draft.table(relation.table)
    for partition in table.partitions if table is not None else ():
        child = draft.table(partition)
        found.extend(child.indexes if child is not None else ())
    return found


def _swapped(relation: Relation, old: Ref, new: Ref) -> Relation:
    if isinstance(relation, Table):
        return _swap_in_table(relation, old, new)
    if isinstance(relation, View):
        return replace(relation, indexes=_swap(relation.indexes, old, new), reads=_swap_reads(relation.reads, old, new))
    if isinstance(relation, Sequence):
        owner = relation.owned_by
        if owner is not None and owner.relation == old:
            return replace(relation, owned_by=ColumnRef(new, owner.column))
        return relation
    return replace(
        relation,
        table=new if relation.table == old else relation.table,
        parent=new if relation.parent == old else relation.parent,
    )


def _swap(refs: tuple[Ref, ...], old: Ref, new: Ref) -> tuple[Ref, ...]:
    return tuple(new if ref == old else ref for ref in refs) if old in refs else refs


def _swap_reads(reads: frozenset[ColumnRef], old: Ref, new: Ref) -> frozenset[ColumnRef]:
    return frozenset(ColumnRef(new, read.column) if read.relation == old else read for read in reads)


def _swap_in_table(table: Table, old: Ref, new: Ref) -> Table:
    return replace(
        table,
        columns=_same_or(table.columns, tuple(_swap_in_column(c, old, new) for c in table.columns)),
        constraints=_same_or(table.constraints, tuple(_swap_in_constraint(c, old, new) for c in table.constraints)),
        indexes=_swap(table.indexes, old, new),
        partition_of=new if table.partition_of == old else table.partition_of,
        partitions=_swap(table.partitions, old, new),
        inherits=_swap(table.inherits, old, new),
        children=_swap(table.children, old, new),
        of_type=new if table.of_type == old else table.of_type,
    )


Part = TypeVar("Part", Column, Constraint)


def _same_or(before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
    return before if all(a is b for a, b in zip(before, after, strict=True)) else after


def _swap_in_column(column: Column, old: Ref, new: Ref) -> Column:
    type_name = swapped_type(column.type, old, new)
    default = column.default
    sequence = sequence_of_default(default)
    if sequence is not None and Ref(sequence.schema or "", sequence.name) == old:
        default = nextval_of(new)
    if type_name is column.type and default is column.default:
        return column
    return replace(column, type=type_name, default=default)


def swapped_type(type_name: TypeName | None, old: Ref, new: Ref) -> TypeName | None:
    if type_name is not None and type_name.schema == old.schema and type_name.name == old.name:
        return replace(type_name, schema=new.schema, name=new.name)
    return type_name


def _swap_in_constraint(constraint: Constraint, old: Ref, new: Ref) -> Constraint:
    if constraint.target != old and constraint.index != old:
        return constraint
    return replace(
        constraint,
        target=new if constraint.target == old else constraint.target,
        index=new if constraint.index == old else constraint.index,
    )


# --- types and functions ----------------------------------------------------------------------------------------------


def move_type(draft: Draft, old: Ref, new: Ref) -> None:
    """Give a type a new full name, in the columns, domains and functions of that type too."""
    item = draft.types.get(old)
    if item is None or new in draft.types or old == new:
        return
    if old in draft.relations:
        return  # what both are called by now is not to be told apart, and most relations have a type of their name
    draft.take_type(old)
    dependents = draft.links.move(old, new, is_shared=draft.names_more(old, draft.types))
    draft.put_type(replace(item, ref=new))
    for ref in dependents:
        relation = draft.relations.get(ref)
        if relation is not None:
            draft.put(_swapped(relation, old, new))
        _swap_in_type(draft, ref, old, new)
        _swap_in_functions(draft, ref, old, new)


def _swap_in_type(draft: Draft, ref: Ref, old: Ref, new: Ref) -> None:
    item: Type | None = draft.types.get(ref)
    if isinstance(item, Domain):
        draft.put_type(replace(item, type=swapped_type(item.type, old, new) or item.type))
    elif isinstance(item, Composite):
        attributes = tuple(_swap_in_column(a, old, new) for a in item.attributes)
        draft.put_type(replace(item, attributes=attributes))


def _swap_in_functions(draft: Draft, ref: Ref, old: Ref, new: Ref) -> None:
    overloads = draft.functions.get(ref)
    if overloads is not None:
        draft.put_functions(ref, tuple(_swap_in_function(f, old, new) for f in overloads))


def _swap_in_function(function: Function, old: Ref, new: Ref) -> Function:
    arguments = tuple(replace(a, type=swapped_type(a.type, old, new) or a.type) for a in function.arguments)
    returns = swapped_type(function.returns, old, new)
    return replace(function, arguments=arguments, returns=returns, reads=_swap_reads(function.reads, old, new))


def move_functions(draft: Draft, old: Ref, new: Ref, meant: tuple[Function, ...]) -> None:
    """Give overloads of a function a new full name; triggers that call it follow."""
    rest = tuple(f for f in draft.functions.get(old, ()) if not any(f is one for one in meant))
    draft.put_functions(old, rest)
    moved = tuple(replace(f, ref=new) for f in meant)
    draft.put_functions(new, (*draft.functions.get(new, ()), *moved))
    if rest:
        return
    for ref in draft.links.move(old, new, is_shared=draft.names_more(old, draft.functions)):
        relation = draft.relations.get(ref)
        if isinstance(relation, Table):
            triggers = tuple(replace(t, function=new) if t.function == old else t for t in relation.triggers)
            draft.put(replace(relation, triggers=triggers))
