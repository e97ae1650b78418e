"""What an object needs to exist: the other side of `Schema.dependents`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from migrasafe.schema.added import different
from migrasafe.schema.evolve.names_used import literal_sequence, name_of, names_sequence, naming_nodes, strings
from migrasafe.schema.model import (
    Column,
    Composite,
    Constraint,
    Domain,
    Function,
    Index,
    Policy,
    Ref,
    Relation,
    Sequence,
    Table,
    Trigger,
    Type,
    View,
)
from migrasafe.sql.statements import Expression, Node, Query, TypeName


class Lookup(Protocol):
    """How names are looked up at this moment: Schema and Draft can."""

    def resolve(self, schema: str | None, name: str) -> Ref: ...
    def known_type(self, schema: str | None, name: str) -> Ref | None: ...
    def known_function(self, schema: str | None, name: str, call: Node | None = None, /) -> Ref | None: ...


Part = Column | Constraint | Trigger | Policy


def part_needs(part: Part, lookup: Lookup) -> Iterable[Ref]:
    """What one part of a table needs outside the table."""
    return _PARTS[type(part)](part, lookup)


def relation_needs(relation: Relation, lookup: Lookup) -> set[Ref]:
    """What a relation needs as a whole, itself and its own table, parent or partitions left out."""
    needs: set[Ref] = set()
    if isinstance(relation, Table):
        for column in relation.columns:
            if column.default is not None or column.generated is not None:
                needs.update(_column_needs(column, lookup))
            elif column.type is not None and column.type.schema is not None:
                needs.add(Ref(column.type.schema, column.type.name))
        parts: tuple[Part, ...] = (*relation.constraints, *relation.triggers, *relation.policies)
        for part in parts:
            needs.update(part_needs(part, lookup))
        if relation.of_type is not None:
            needs.add(relation.of_type)
    elif isinstance(relation, View):
        needs.update(read.relation for read in relation.reads)
        needs.update(query_needs(relation.query, lookup))
    elif isinstance(relation, Sequence):
        if relation.owned_by is not None:
            needs.add(relation.owned_by.relation)
    else:
        needs.update(index_needs(relation, lookup))
    needs.discard(relation.ref)
    return needs


def no_longer_needed(lost: set[Ref], table: Table, lookup: Lookup) -> set[Ref]:
    """What of `lost` no part of the table needs."""
    columns = [one for one in table.columns if one.default or one.generated or (one.type and one.type.schema)]
    parts: tuple[Part, ...] = (*table.constraints, *table.triggers, *table.policies, *columns)
    return still_lost(lost - {table.of_type}, (part_needs(part, lookup) for part in parts))


def still_lost(lost: set[Ref], needed: Iterable[Iterable[Ref]]) -> set[Ref]:
    """What of `lost` is not among any of these needs, which are looked at until nothing is left."""
    for needs in needed:
        if not lost:
            break
        lost = lost.difference(needs)
    return lost


def index_needs(index: Index, lookup: Lookup) -> Iterator[Ref]:
    for element in index.elements:
        if element.expression is not None:
            yield from expression_needs(element.expression, lookup)
    if index.predicate is not None:
        yield from expression_needs(index.predicate, lookup)


def expression_needs(expression: Expression | None, lookup: Lookup) -> Iterable[Ref]:
    """User-defined functions, types, sequences and (in subqueries) relations that an expression mentions."""
    if expression is None or "A_Const" in expression.node:
        return ()
    call = expression.node.get("FuncCall")
    if call is not None and (not call.get("args") or names_sequence(call)):
        # now(), nextval('…'): what nearly all defaults are.
        found = _called(call, lookup)
        return () if found is None else (found,)
    return _needs_of_tree(expression, lookup, relations=True)


def query_needs(query: Query | None, lookup: Lookup) -> Iterable[Ref]:
    """User-defined functions, types and sequences that a query mentions; its relations are in View.reads."""
    return () if query is None else _needs_of_tree(query, lookup, relations=False)


def _needs_of_tree(tree: Expression | Query, lookup: Lookup, *, relations: bool) -> Iterator[Ref]:
    for kind, node in naming_nodes(tree):
        found: Ref | None = None
        match kind:
            case "FuncCall":
                found = _called(node, lookup)
            case "TypeName" | "typeName":
                name = name_of(strings(node.get("names")))
                if name is not None and name.schema != "pg_catalog":
                    found = lookup.known_type(*name)
            case "RangeVar" if relations and "relname" in node:
                found = lookup.resolve(node.get("schemaname"), node["relname"])
        if found is not None:
            yield found


def _called(call: Node, lookup: Lookup) -> Ref | None:
    """The user-defined function that a call calls, or the sequence that it asks."""
    if names_sequence(call):
        sequence = literal_sequence(call)
        return lookup.resolve(*sequence) if sequence is not None else None
    name = name_of(strings(call.get("funcname")))
    if name is None or name.schema == "pg_catalog":
        return None
    return lookup.known_function(name.schema, name.name, call)


def type_needs(item: Type, lookup: Lookup) -> set[Ref]:
    """What a type is built on."""
    return _type_base_needs(item, lookup).union(*(part_needs(part, lookup) for part in _type_parts(item))) - {item.ref}


def type_change(old: Type | None, new: Type, lookup: Lookup) -> tuple[set[Ref], set[Ref]]:
    """What a type needs for what is new in it, and what it needs no more."""
    if old is None or type(old) is not type(new):
        return type_needs(new, lookup), set()
    parts = _type_parts(new)
    gone, made = different(_type_parts(old), parts)
    wanted = _type_base_needs(new, lookup).union(*[part_needs(part, lookup) for part in made])
    lost = _type_base_needs(old, lookup).union(*[part_needs(part, lookup) for part in gone]) - wanted
    return wanted, still_lost(lost, (part_needs(part, lookup) for part in parts))


def _type_parts(item: Type) -> tuple[Column | Constraint, ...]:
    """What a type may have hundreds of."""
    return item.attributes if isinstance(item, Composite) else item.constraints if isinstance(item, Domain) else ()


def _type_base_needs(item: Type, lookup: Lookup) -> set[Ref]:
    """What a type needs besides its parts."""
    if not isinstance(item, Domain):
        return set()
    return {*_type_ref(item.type), *expression_needs(item.default, lookup)}


def function_needs(function: Function, lookup: Lookup) -> set[Ref]:
    """The user-defined types of its arguments and result, and what a BEGIN ATOMIC body reads."""
    needs: set[Ref] = set(_type_ref(function.returns))
    for argument in function.arguments:
        needs.update(_type_ref(argument.type))
        needs.update(expression_needs(argument.default, lookup))
    needs.update(read.relation for read in function.reads)
    needs.discard(function.ref)
    return needs


def _type_ref(type_name: TypeName | None) -> tuple[Ref, ...]:
    """Resolved types carry their schema; built-in ones and those we do not know have none."""
    if type_name is None or type_name.schema is None:
        return ()
    return (Ref(type_name.schema, type_name.name),)


def _column_needs(column: Column, lookup: Lookup) -> Iterable[Ref]:
    if column.default is None and column.generated is None:
        return _type_ref(column.type)
    return (
        *_type_ref(column.type),
        *expression_needs(column.default, lookup),
        *expression_needs(column.generated, lookup),
    )


def _constraint_needs(constraint: Constraint, lookup: Lookup) -> Iterable[Ref]:
    if constraint.target is not None:
        return (constraint.target,)
    return expression_needs(constraint.expression, lookup)


def _trigger_needs(trigger: Trigger, lookup: Lookup) -> Iterator[Ref]:
    if trigger.function is not None:
        yield trigger.function


def _policy_needs(policy: Policy, lookup: Lookup) -> Iterator[Ref]:
    yield from expression_needs(policy.using, lookup)
    yield from expression_needs(policy.check, lookup)


_PARTS: dict[type[Part], Callable[..., Iterable[Ref]]] = {
    Column: _column_needs,
    Constraint: _constraint_needs,
    Trigger: _trigger_needs,
    Policy: _policy_needs,
}
