"""What goes when something goes: the objects that belong to it, and those that depend on it.

A DROP without CASCADE is followed as well: PostgreSQL would refuse it while a dependent exists, so the dependents that
we still know of were changed by something we could not read.
"""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.expressions import sequence_of_default
from migrasafe.schema.evolve.family import children_of
from migrasafe.schema.evolve.indexes import remove_index
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.evolve.needs import expression_needs, index_needs, part_needs, query_needs, relation_needs
from migrasafe.schema.evolve.overload_calls import CallsOf, types_of_columns
from migrasafe.schema.model import (
    Column,
    ColumnRef,
    Composite,
    Domain,
    Function,
    Index,
    Ref,
    Sequence,
    Table,
    View,
)
from migrasafe.sql.statements import TypeName

# --- relations --------------------------------------------------------------------------------------------------------


def remove_relation(draft: Draft, ref: Ref) -> None:
    """Take out a relation, what belongs to it and what depends on it."""
    relation = draft.relations.get(ref)
    if relation is None:
        return
    if isinstance(relation, Index):
        remove_index(draft, ref)
        return
    draft.take(ref)
    if isinstance(relation, (Table, View)):
        for index in relation.indexes:
            draft.take(index)
    if isinstance(relation, Table):
        _leave_parents(draft, relation)
        for below in (*relation.partitions, *relation.children):
            remove_relation(draft, below)
        _leave_publications(draft, ref)
    for dependent in draft.links.take(ref, is_shared=draft.names_more(ref, draft.relations)):
        lose(draft, dependent, ref)


def _leave_parents(draft: Draft, table: Table) -> None:
    if table.partition_of is not None:
        parent = draft.table(table.partition_of)
        if parent is not None:
            draft.put(replace(parent, partitions=tuple(p for p in parent.partitions if p != table.ref)))
    for ref in table.inherits:
        parent = draft.table(ref)
        if parent is not None:
            draft.put(replace(parent, children=tuple(c for c in parent.children if c != table.ref)))


def _leave_publications(draft: Draft, ref: Ref) -> None:
    for publication in draft.publications.values():
        if ref in publication.tables:
            draft.put_publication(
                replace(
                    publication,
                    tables=tuple(table for table in publication.tables if table != ref),
                    parts=tuple(part for part in publication.parts if part.table != ref),
                )
            )


def lose(draft: Draft, dependent: Ref, lost: Ref) -> None:
    """Take away from `dependent` (a relation, a type, functions of that name) what needed the lost object."""
    relation = draft.relations.get(dependent)
    if isinstance(relation, Table):
        _table_loses(draft, relation, lost)
    elif isinstance(relation, View):
        if lost in relation_needs(relation, draft):
            remove_relation(draft, dependent)
    elif isinstance(relation, Sequence):
        if relation.owned_by is not None and relation.owned_by.relation == lost:
            remove_relation(draft, dependent)
    elif isinstance(relation, Index) and lost in set(index_needs(relation, draft)):
        remove_index(draft, dependent)
    _type_loses(draft, dependent, lost)
    _functions_lose(draft, dependent, lost)


def _table_loses(draft: Draft, table: Table, lost: Ref) -> None:
    if table.of_type == lost:
        remove_relation(draft, table.ref)
        return
    gone: list[str] = []
    columns: list[Column] = []
    for column in table.columns:
        if _is_of(column.type, lost) or lost in set(expression_needs(column.generated, draft)):
            gone.append(column.name)
        elif column.default is not None and _default_needs(draft, column, lost):
            column = replace(column, default=None)
        columns.append(column)
    if table.partition_by is not None and not set(gone).isdisjoint(table.partition_by.columns):
        remove_relation(draft, table.ref)
        return
    constraints = tuple(c for c in table.constraints if lost not in set(part_needs(c, draft)))
    triggers = tuple(t for t in table.triggers if t.function != lost)
    policies = tuple(p for p in table.policies if lost not in set(part_needs(p, draft)))
    draft.put(
        replace(
            table,
            columns=tuple(columns),
            constraints=constraints,
            triggers=triggers,
            policies=policies,
        )
    )
    for name in gone:
        remove_column(draft, table.ref, name)


def _default_needs(draft: Draft, column: Column, lost: Ref) -> bool:
    sequence = sequence_of_default(column.default)
    if sequence is not None:
        return Ref(sequence.schema or "", sequence.name) == lost
    return lost in set(expression_needs(column.default, draft))


def _is_of(type_name: TypeName | None, ref: Ref) -> bool:
    return type_name is not None and type_name.schema == ref.schema and type_name.name == ref.name


# --- columns ----------------------------------------------------------------------------------------------------------


def remove_column(draft: Draft, ref: Ref, name: str, *, only: bool = False) -> None:
    """Take a column out of a table with its indexes, constraints, sequences, and what reads it elsewhere."""
    table = draft.table(ref)
    if table is None:
        return
    for index in [one for one in map(draft.index, table.indexes) if one is not None]:
        if name in index.reads:
            remove_index(draft, index.ref)
    column = ColumnRef(ref, name)
    for dependent in (ref, *draft.links.of(ref)):
        _lose_column(draft, dependent, column)
    table = draft.table(ref)
    if table is None:
        return
    generated = [c.name for c in table.columns if c.generated is not None and name in columns_used(c.generated)]
    draft.put(
        replace(
            table,
            columns=tuple([c for c in table.columns if c.name != name]),
            constraints=tuple([c for c in table.constraints if name not in c.columns]),
            triggers=tuple([t for t in table.triggers if name not in t.reads]),
            policies=tuple([p for p in table.policies if name not in p.reads]),
        )
    )
    for other in generated:
        if other != name:
            remove_column(draft, ref, other)
    for child in children_of(draft, table):
        others = (draft.table(one) for one in child.inherits if one != ref)
        if not any(other is not None and other.column(name) is not None for other in others):
            _child_loses_column(draft, child, name, only=only)


def _child_loses_column(draft: Draft, child: Table, name: str, *, only: bool) -> None:
    column = child.column(name)
    if column is None or not column.inherited:
        return
    if only or column.local:
        freed = replace(column, inherited=False, local=False)
        draft.put(replace(child, columns=tuple(freed if c is column else c for c in child.columns)))
    else:
        remove_column(draft, child.ref, name)


def _lose_column(draft: Draft, dependent: Ref, column: ColumnRef) -> None:
    relation = draft.relations.get(dependent)
    if isinstance(relation, View):
        if column in relation.reads:
            remove_relation(draft, dependent)
    elif isinstance(relation, Sequence):
        if relation.owned_by == column:
            remove_relation(draft, dependent)
    elif isinstance(relation, Table):
        kept = tuple(
            c for c in relation.constraints if c.target != column.relation or column.column not in c.target_columns
        )
        if len(kept) < len(relation.constraints):
            draft.put(replace(relation, constraints=kept))
    if dependent in draft.functions:
        overloads = draft.functions[dependent]
        rest = tuple(f for f in overloads if column not in f.reads)
        if len(rest) < len(overloads):
            draft.put_functions(dependent, rest)


# --- types and functions ----------------------------------------------------------------------------------------------


def remove_type(draft: Draft, ref: Ref) -> None:
    """Take out a type, what is built on it, and what casts to it: casts find it by its name, so it goes last."""
    if ref not in draft.types:
        return
    for dependent in draft.links.take(ref, is_shared=draft.names_more(ref, draft.types)):
        lose(draft, dependent, ref)
    draft.take_type(ref)


def _type_loses(draft: Draft, dependent: Ref, lost: Ref) -> None:
    item = draft.types.get(dependent)
    if isinstance(item, Domain) and _is_of(item.type, lost):
        remove_type(draft, dependent)
    elif isinstance(item, Composite):
        kept = tuple(a for a in item.attributes if not _is_of(a.type, lost))
        if len(kept) < len(item.attributes):
            draft.put_type(replace(item, attributes=kept))


def remove_functions(draft: Draft, ref: Ref, gone: tuple[Function, ...]) -> None:
    """Take out overloads of a function, and what calls them; a call that may mean one that stays is left."""
    overloads = draft.functions.get(ref, ())
    rest = tuple([f for f in overloads if f not in gone])
    if rest:
        for dependent in draft.links.of(ref):
            _lose_calls(draft, dependent, ref, gone, overloads)
        draft.put_functions(ref, rest)
        return
    for dependent in draft.links.of(ref):
        lose(draft, dependent, ref)
    draft.put_functions(ref, ())
    draft.links.take(ref, is_shared=draft.names_more(ref, draft.functions))


def _lose_calls(
    draft: Draft, dependent: Ref, ref: Ref, gone: tuple[Function, ...], overloads: tuple[Function, ...]
) -> None:
    """Take away from a relation what can only mean the overloads that go."""
    relation = draft.relations.get(dependent)
    over = {dependent}
    if isinstance(relation, Index):
        over = {relation.table}
    elif isinstance(relation, View):
        over = {read.relation for read in relation.reads}
    tables = [table for table in map(draft.table, over) if table is not None]
    calls = CallsOf(lookup=draft, ref=ref, gone=gone, overloads=overloads, columns=types_of_columns(tables))
    if isinstance(relation, Table):
        _table_loses_calls(draft, relation, calls)
    elif isinstance(relation, View):
        if ref in set(query_needs(relation.query, calls)):
            remove_relation(draft, dependent)
    elif isinstance(relation, Index) and ref in set(index_needs(relation, calls)):
        remove_index(draft, dependent)


def _table_loses_calls(draft: Draft, table: Table, calls: CallsOf) -> None:
    lost = calls.ref
    columns = tuple(
        replace(c, default=None) if lost in set(expression_needs(c.default, calls)) else c for c in table.columns
    )
    constraints = tuple(c for c in table.constraints if c.target == lost or lost not in set(part_needs(c, calls)))
    triggers = tuple(t for t in table.triggers if t.function != lost or not calls.of_triggers)
    policies = tuple(p for p in table.policies if lost not in set(part_needs(p, calls)))
    draft.put(replace(table, columns=columns, constraints=constraints, triggers=triggers, policies=policies))
    for column in columns:
        if lost in set(expression_needs(column.generated, calls)):
            remove_column(draft, table.ref, column.name)


def _functions_lose(draft: Draft, dependent: Ref, lost: Ref) -> None:
    overloads = draft.functions.get(dependent)
    if overloads is None:
        return
    gone = tuple(
        f
        for f in overloads
        if _is_of(f.returns, lost)
        or any(_is_of(a.type, lost) for a in f.arguments)
        or any(read.relation == lost for read in f.reads)
    )
    if gone:
        remove_functions(draft, dependent, gone)
