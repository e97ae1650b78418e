"""What a schema holds, a line for each fact, for tests that show what a statement changes in it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.compare import shown
from migrasafe.schema.compared_facts import (
    Facts,
    Unknown,
    column_facts,
    composite_facts,
    constraint_facts,
    domain_facts,
    function_facts,
    index_facts,
    policy_facts,
    sequence_facts,
    table_facts,
    trigger_facts,
    view_facts,
)
from migrasafe.schema.model import Composite, Domain, EnumType, Index, Relation, Schema, Sequence, Table, Type, View

_USUAL: Facts = {
    "NOT NULL validated": True,
    "stored": True,
    "valid": True,
    "enforced": True,
    "populated": True,
    "persistence": "permanent",
    "method": "btree",
    "replica identity": "default",
    "on delete": "NO ACTION",
    "on update": "NO ACTION",
}
"""What goes without saying; of all else it is what is off, empty or none."""


def things(schema: Schema) -> dict[str, Facts]:
    """All that is compared with a server, by what to call it."""
    found: dict[str, Facts] = {f"schema {name}": {} for name in schema.schemas}
    for ref, relation in schema.relations.items():
        found.update(_relation(str(ref), relation))
    found.update((f"type {ref}", _type_facts(item)) for ref, item in schema.types.items())
    for ref, overloads in schema.functions.items():
        for one in overloads:
            types = ", ".join(shown(argument.type) for argument in one.arguments)
            found[f"function {ref}({types})"] = function_facts(one)
    found.update((f"extension {name}", {}) for name in schema.extensions)
    for name, publication in schema.publications.items():
        kept = ("all_tables", "tables", "schemas", "changes", "parts")
        found[f"publication {name}"] = {what.replace("_", " "): getattr(publication, what) for what in kept}
    return found


def changes(before: Schema, after: Schema) -> Iterator[str]:
    """What is gone, what is new, and which facts of the rest are others."""
    old, new = things(before), things(after)
    for name in sorted({**old, **new}):
        if name not in new:
            yield f"- {name}"
        elif name not in old:
            told = _said(new[name])
            yield f"+ {name}: {told}" if told else f"+ {name}"
        else:
            for what, value in new[name].items():
                was = old[name][what]
                if Unknown not in (was, value) and shown(was) != shown(value):
                    yield f"  {name}: {what} {shown(was)} → {shown(value)}"


def _said(facts: Facts) -> str:
    told = []
    for what, value in facts.items():
        usual = _USUAL.get(what)
        if value is not Unknown and value != usual and (value or isinstance(value, type(usual))):
            told.append(what if value is True else f"{what} {shown(value)}")
    return "; ".join(told)


def _relation(name: str, relation: Relation) -> Iterator[tuple[str, Facts]]:
    match relation:
        case Table():
            yield f"{relation.kind.value} {name}", _but(table_facts(relation), "kind")
            for column in relation.columns:
                yield f"{name}.{column.name}", column_facts(column)
            for constraint in relation.constraints:
                yield f"{name}, constraint {constraint.name}", constraint_facts(constraint)
            for trigger in relation.triggers:
                yield f"{name}, trigger {trigger.name}", trigger_facts(trigger)
            for policy in relation.policies:
                yield f"{name}, policy {policy.name}", policy_facts(policy)
        case View():
            yield f"{relation.kind.value} {name}", _but(view_facts(relation), "kind")
        case Sequence():
            yield f"sequence {name}", sequence_facts(relation)
        case Index():
            yield f"index {name}", index_facts(relation)


def _but(facts: Facts, left_out: str) -> Facts:
    return {what: value for what, value in facts.items() if what != left_out}


def _type_facts(item: Type) -> Facts:
    match item:
        case EnumType():
            return {"labels": item.labels}
        case Domain():
            return domain_facts(item)
        case Composite():
            return composite_facts(item)
        case _:
            return {}
