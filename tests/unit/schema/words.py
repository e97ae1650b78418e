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
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.model import (
    BEFORE_HISTORY,
    Composite,
    Domain,
    EnumType,
    Index,
    Moment,
    Relation,
    Schema,
    Sequence,
    Table,
    Type,
    View,
)
from migrasafe.sql.statements import Expression

_USUAL: Facts = {
    "NOT NULL validated": True,
    "stored": True,
    "valid": True,
    "enforced": True,
    "populated": True,
    "persistence": "permanent",
    "complete": True,
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
            found[f"function {ref}({types})"] = {**function_facts(one), **_made(one.born)}
    found.update((f"extension {name}", {}) for name in schema.extensions)
    for name, publication in schema.publications.items():
        kept = ("all_tables", "tables", "schemas", "changes", "parts")
        found[f"publication {name}"] = {what.replace("_", " "): getattr(publication, what) for what in kept}
    return found


def changes(before: Schema, after: Schema, now: Moment) -> Iterator[str]:
    """What is gone, what is new, and which facts of the rest are others; of what is new, when it was made if not `now`."""
    old, new = things(before), things(after)
    for name in sorted({**old, **new}):
        if name not in new:
            yield f"- {name}"
        elif name not in old:
            told = _said({what: value for what, value in new[name].items() if value != now})
            yield f"+ {name}: {told}" if told else f"+ {name}"
        else:
            for what, value in new[name].items():
                was = old[name][what]
                if Unknown not in (was, value) and _shown(was) != _shown(value):
                    yield f"  {name}: {what} {_shown(was)} → {_shown(value)}"


def _said(facts: Facts) -> str:
    told = []
    for what, value in facts.items():
        usual = _USUAL.get(what)
        if value is not Unknown and value != usual and (value or isinstance(value, type(usual))):
            told.append(what if value is True else f"{what} {_shown(value)}")
    return "; ".join(told)


def _shown(value: object) -> str:
    if isinstance(value, Moment):
        return "before all" if value == BEFORE_HISTORY else f"by statement {value.statement + 1}"
    return shown(value)


def _made(born: Moment, *names: Expression | None) -> Facts:
    """What a server does not say: when a part was made, and which columns its expressions name."""
    named = {column for one in names for column in columns_used(one)}
    return {"made": born, "names": tuple(sorted(named))}


def _relation(name: str, relation: Relation) -> Iterator[tuple[str, Facts]]:
    match relation:
        case Table():
            yield (
                f"{relation.kind.value} {name}",
                {**_but(table_facts(relation), "kind"), **_made(relation.born), "complete": relation.complete},
            )
            for column in relation.columns:
                yield (
                    f"{name}.{column.name}",
                    {**column_facts(column), **_made(column.born, column.default, column.generated)},
                )
            for constraint in relation.constraints:
                yield (
                    f"{name}, constraint {constraint.name}",
                    {**constraint_facts(constraint), **_made(constraint.born, constraint.expression)},
                )
            for trigger in relation.triggers:
                yield f"{name}, trigger {trigger.name}", {**trigger_facts(trigger), **_made(trigger.born)}
            for policy in relation.policies:
                yield (
                    f"{name}, policy {policy.name}",
                    {**policy_facts(policy), **_made(policy.born, policy.using, policy.check)},
                )
        case View():
            yield f"{relation.kind.value} {name}", {**_but(view_facts(relation), "kind"), **_made(relation.born)}
        case Sequence():
            yield f"sequence {name}", {**sequence_facts(relation), **_made(relation.born)}
        case Index():
            yield (
                f"index {name}",
                {
                    **index_facts(relation),
                    **_made(relation.born, relation.predicate, *(e.expression for e in relation.elements)),
                },
            )


def _but(facts: Facts, left_out: str) -> Facts:
    return {what: value for what, value in facts.items() if what != left_out}


def _type_facts(item: Type) -> Facts:
    match item:
        case EnumType():
            return {
                "labels": item.labels,
                "labels added": tuple(label for label, _ in item.label_born),
                **_made(item.born),
            }
        case Domain():
            return {**domain_facts(item), **_made(item.born)}
        case Composite():
            return {**composite_facts(item), **_made(item.born)}
        case _:
            return {}
