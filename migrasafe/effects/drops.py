"""DROP: what it locks besides what it drops, and what stands in its way.

https://www.postgresql.org/docs/current/ddl-depend.html
"""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.effects import indexes
from migrasafe.effects.constraints import locks_of_lost_key
from migrasafe.effects.model import NOTHING, Effects, Failure, Lock, Trouble, strong
from migrasafe.effects.refused_names import refused_drop
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.evolve import evolve
from migrasafe.schema.lost import lost_with
from migrasafe.schema.model import Index, Ref, Schema, Sequence, Table, View
from migrasafe.sql.statements import AlterTable, Drop, Name


def drop(statement: Drop, situation: Situation) -> Effects:
    effects = Effects(failures=tuple(refused_drop(statement, situation)))
    if any(failure.trouble is Trouble.WRONG_OBJECT for failure in effects.failures):
        return effects
    together = frozenset([situation.ref(dropped.name) for dropped in statement.objects])
    for dropped in statement.objects:
        match statement.kind:
            case "INDEX":
                effects = effects.and_(indexes.drop_index(dropped.name, situation, concurrently=statement.concurrently))
            case "TABLE" | "FOREIGN TABLE":
                effects = effects.and_(_drop_table(dropped.name, statement, together, situation))
            case "VIEW" | "MATERIALIZED VIEW":
                effects = effects.and_(_drop_view(dropped.name, statement, together, situation))
            case "TRIGGER" | "POLICY" | "RULE" if dropped.table is not None:
                if not (
                    statement.if_exists and _is_missing(dropped.name.name, statement.kind, dropped.table, situation)
                ):
                    effects = effects.and_(
                        _drop_from(situation.ref(dropped.table), dropped.name.name, statement.kind, situation)
                    )
            case "TYPE" | "DOMAIN":
                effects = effects.and_(_drop_type(dropped.name, statement, situation))
    if statement.kind in _OTHERS and not statement.cascade:
        effects = effects.and_(_what_needs_it(statement, situation))
    if statement.cascade:
        effects = effects.and_(locks_of_cascade(statement, situation))
    return effects


_OTHERS = frozenset({"FUNCTION", "PROCEDURE", "ROUTINE", "SEQUENCE", "SCHEMA"})


def dropped_refs(statement: Drop, situation: Situation) -> tuple[Ref, ...]:
    """What the statement names: relations, types and functions by their full names; of a schema, everything in it."""
    schema = situation.schema
    refs: list[Ref] = []
    for dropped in statement.objects:
        name = dropped.name
        match statement.kind:
            case "FUNCTION" | "PROCEDURE" | "ROUTINE" | "AGGREGATE":
                refs.append(schema.resolve_function(name.schema, name.name))
            case "TYPE" | "DOMAIN":
                refs.append(schema.resolve_type(name.schema, name.name))
            case "SCHEMA":
                for objects in (schema.relations, schema.types, schema.functions):
                    refs.extend(ref for ref in objects if ref.schema == name.name)
            case _:
                refs.append(situation.ref(name))
    return tuple(sorted(set(refs)))


def _what_needs_it(statement: Drop, situation: Situation) -> Effects:
    """Without CASCADE a function, sequence or schema that something needs cannot be dropped."""
    refs = dropped_refs(statement, situation)
    if statement.kind == "SCHEMA":
        inside = [ref for ref in refs if situation.schema.relation(ref) is not None]
        return _depends(f"cannot drop schema {inside[0].schema}: {inside[0].name} is in it") if inside else NOTHING
    after = evolve(situation.schema, statement, situation.moment)
    lost = lost_with(situation.schema, after, refs)
    if not lost:
        return _identity_needs_it(statement, situation)
    names = ", ".join(str(dropped.name) for dropped in statement.objects)
    return _depends(f"cannot drop {statement.kind.lower()} {names}: {lost[0].shown} depends on it")


def _identity_needs_it(statement: Drop, situation: Situation) -> Effects:
    for dropped in statement.objects:
        sequence = situation.schema.relation(situation.ref(dropped.name))
        if isinstance(sequence, Sequence) and sequence.owned_by is not None:
            table = situation.schema.table(sequence.owned_by.relation)
            column = table.column(sequence.owned_by.column or "") if table is not None else None
            if column is not None and column.identity is not None and _is_alone(sequence, situation.schema):
                return _depends(f"cannot drop sequence {dropped.name}: the identity column {column.name} needs it")
    return NOTHING


def _is_alone(sequence: Sequence, schema: Schema) -> bool:
    """Whether no other sequence belongs to the same column."""
    owner = sequence.owned_by
    others = map(schema.relation, schema.dependents_of(owner.relation) if owner is not None else ())
    return not any(isinstance(one, Sequence) and one.owned_by == owner and one is not sequence for one in others)


def locks_of_cascade(statement: Drop | AlterTable, situation: Situation) -> Effects:
    """ACCESS EXCLUSIVE on all that goes with it or loses something: views, tables with a foreign key, column, default or
    trigger that depends on what is dropped, and the tables that these foreign keys pointed at."""
    before = situation.schema
    after = evolve(before, statement, situation.moment)
    touched: set[Ref] = set()
    for ref, relation in before.relations.items():
        left = after.relation(ref)
        if left is relation or left == relation:
            continue
        match relation:
            case Index():
                touched.add(relation.table)
            case Table():
                if not isinstance(left, Table) or replace(left, children=relation.children) != relation:
                    touched.add(ref)  # one that only has a child less is left alone
                kept = left.constraints if isinstance(left, Table) else ()
                touched.update(one.target for one in relation.constraints if one.target is not None and one not in kept)
            case View() if left is None:
                touched.add(ref)
    return Effects(locks=tuple(Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE) for ref in sorted(touched)))


def _drop_from(ref: Ref, name: str, kind: str, situation: Situation) -> Effects:
    """A row trigger of a partitioned table goes from its partitions too."""
    table = situation.schema.table(ref)
    rows = table is not None and any(trigger.name == name and trigger.row for trigger in table.triggers)
    below = situation.below(ref) if kind == "TRIGGER" and rows and situation.is_partitioned(ref) else ()
    return Effects(locks=tuple(Lock(relation=one, mode=LockMode.ACCESS_EXCLUSIVE) for one in (ref, *below)))


def _is_missing(name: str, kind: str, table_name: Name, situation: Situation) -> bool:
    """Whether it is known not to be there: PostgreSQL then leaves the table alone."""
    table = situation.table(table_name)
    if table is None or not table.complete:
        return False
    match kind:
        case "TRIGGER":
            return all(trigger.name != name for trigger in table.triggers)
        case "POLICY":
            return all(policy.name != name for policy in table.policies)
    return False


def _drop_table(name: Name, statement: Drop, together: frozenset[Ref], situation: Situation) -> Effects:
    ref = situation.ref(name)
    table = situation.schema.table(ref)
    effects = strong(ref)
    if table is None:
        return effects
    for constraint in table.constraints:
        if constraint.target is not None and constraint.target != ref:
            locks = tuple(locks_of_lost_key(constraint.target, situation))
            effects = effects.and_(Effects(locks=locks))
    if table.partition_of is not None:
        effects = effects.and_(strong(table.partition_of))
        default = situation.schema.default_partition(table.partition_of)
        if default is not None:
            effects = effects.and_(strong(default.ref))  # whose bound is all that the others leave
    for part in list(situation.with_partitions(table))[1:]:
        effects = effects.and_(strong(part.ref))
    for dependent in sorted(situation.schema.dependents_of(ref)):
        if dependent in together:
            continue
        other = situation.schema.relation(dependent)
        is_foreign_key = isinstance(other, Table)
        if isinstance(other, (Table, View)):
            effects = effects.and_(strong(dependent)) if statement.cascade else effects
            if not statement.cascade:
                what = "a foreign key of" if is_foreign_key else "the view"
                effects = effects.and_(
                    _depends(f"cannot drop table {name.name}: {what} {dependent.name} depends on it")
                )
    return effects


def _drop_view(name: Name, statement: Drop, together: frozenset[Ref], situation: Situation) -> Effects:
    ref = situation.ref(name)
    effects = strong(ref)
    for dependent in sorted(situation.schema.dependents_of(ref)):
        if dependent not in together and not statement.cascade and situation.schema.view(dependent) is not None:
            effects = effects.and_(_depends(f"cannot drop {name.name}: the view {dependent.name} depends on it"))
    return effects


def _drop_type(name: Name, statement: Drop, situation: Situation) -> Effects:
    ref = situation.schema.resolve_type(name.schema, name.name)
    effects = NOTHING
    for dependent in sorted(situation.schema.dependents_of(ref)):
        if situation.schema.relation(dependent) is None:
            continue
        if statement.cascade:
            effects = effects.and_(strong(dependent))
        else:
            effects = effects.and_(_depends(f"cannot drop type {name.name}: a column of {dependent.name} has it"))
    return effects


def _depends(reason: str) -> Effects:
    return Effects(failures=(Failure(trouble=Trouble.DEPENDENT_OBJECTS, reason=reason),))
