"""ALTER … RENAME and ALTER … SET SCHEMA of anything."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from migrasafe.schema.evolve.column_renames import rename_column
from migrasafe.schema.evolve.constraint_changes import not_null_by_generated_name
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import below
from migrasafe.schema.evolve.functions import overloads_meant
from migrasafe.schema.evolve.generated_names import clipped
from migrasafe.schema.evolve.moves import move_functions, move_relation, move_type
from migrasafe.schema.evolve.owned_sequences import sequences_owned_by
from migrasafe.schema.model import Composite, Constraint, Domain, Index, Ref, Table, View
from migrasafe.sql.statements import ConstraintKind, Name, Rename, SetSchema


def rename(draft: Draft, statement: Rename) -> None:
    change = _RENAMES.get(statement.kind)
    if change is not None:
        change(draft, replace(statement, new_name=clipped(statement.new_name)))


def _relation(draft: Draft, statement: Rename) -> None:
    relation = draft.named(statement.name)
    if relation is None:
        return
    old = relation.ref
    if isinstance(relation, Index):
        rename_index(draft, relation, statement.new_name)
    else:
        move_relation(draft, old, Ref(old.schema, statement.new_name))


def _index(draft: Draft, statement: Rename) -> None:
    relation = draft.relations.get(draft.resolve(*statement.name))
    if isinstance(relation, Index):
        rename_index(draft, relation, statement.new_name)
    elif relation is not None:
        _relation(draft, statement)


def rename_index(draft: Draft, index: Index, new_name: str) -> None:
    """Rename an index, and the constraint it stands behind."""
    new = Ref(index.ref.schema, new_name)
    if new in draft.relations:
        return
    if index.constraint is not None:
        table = draft.table(index.table)
        if table is not None and table.constraint(new_name) is not None:
            return
        draft.put(replace(index, constraint=new_name))
        if table is not None:
            constraints = tuple(replace(c, name=new_name) if c.index == index.ref else c for c in table.constraints)
            draft.put(replace(table, constraints=constraints))
    move_relation(draft, index.ref, new)


def _column(draft: Draft, statement: Rename) -> None:
    if statement.part is None:
        return
    if statement.of == "TYPE":
        _attribute(draft, statement)
        return
    relation = draft.named(statement.name)
    if isinstance(relation, (Table, View)):
        rename_column(draft, relation.ref, statement.part, statement.new_name)
    elif isinstance(relation, Index):
        names = tuple(statement.new_name if name == statement.part else name for name in relation.column_names)
        draft.put(replace(relation, column_names=names))


def _attribute(draft: Draft, statement: Rename) -> None:
    composite = draft.types.get(draft.find_type(statement.name))
    if isinstance(composite, Composite) and statement.part is not None:
        if any(one.name == statement.new_name for one in composite.attributes):
            return
        for dependent in draft.links.of(composite.ref):
            table = draft.table(dependent)
            if table is not None and table.of_type == composite.ref:
                rename_column(draft, dependent, statement.part, statement.new_name)
        attributes = tuple(
            replace(a, name=statement.new_name) if a.name == statement.part else a for a in composite.attributes
        )
        draft.put_type(replace(composite, attributes=attributes))


def _constraint(draft: Draft, statement: Rename) -> None:
    """A constraint of a table, with the index behind it and the copies it left below; or of a domain."""
    table = draft.table(draft.resolve(*statement.name))
    old, new = statement.part or "", statement.new_name
    if table is None:
        _domain_constraint(draft, statement)
        return
    if table.constraint(old) is None:
        column = not_null_by_generated_name(table, old)
        if column is not None and table.constraint(new) is None:
            named = Constraint(name=new, kind=ConstraintKind.NOT_NULL, columns=(column,))
            draft.put(replace(table, constraints=(*table.constraints, named)))
        return
    inherited_below = below(draft, table)
    constraint = table.constraint(old)
    if constraint is not None and constraint.index is not None:
        index = draft.index(constraint.index)
        if index is not None:
            rename_index(draft, index, new)
            return
    for one in (table, *inherited_below):
        found = one.constraint(old)
        if found is not None and (one is table or found.inherited) and one.constraint(new) is None:
            constraints = tuple(replace(c, name=new) if c is found else c for c in one.constraints)
            draft.put(replace(one, constraints=constraints))


def _domain_constraint(draft: Draft, statement: Rename) -> None:
    ref = draft.find_type(statement.name)
    domain = draft.types.get(ref)
    if isinstance(domain, Domain):
        constraints = tuple(
            replace(c, name=statement.new_name) if c.name == statement.part else c for c in domain.constraints
        )
        draft.put_type(replace(domain, constraints=constraints))


def _trigger(draft: Draft, statement: Rename) -> None:
    table = draft.table_named(statement.name)
    old, new = statement.part, statement.new_name
    for one in (table, *below(draft, table)) if table is not None else ():
        if all(trigger.name != new for trigger in one.triggers):
            triggers = tuple(
                replace(t, name=new) if t.name == old and (one is table or t.inherited) else t for t in one.triggers
            )
            draft.put(replace(one, triggers=triggers))


def _policy(draft: Draft, statement: Rename) -> None:
    table = draft.table_named(statement.name)
    if table is not None and all(policy.name != statement.new_name for policy in table.policies):
        policies = tuple(replace(p, name=statement.new_name) if p.name == statement.part else p for p in table.policies)
        draft.put(replace(table, policies=policies))


def _type(draft: Draft, statement: Rename) -> None:
    old = draft.find_type(statement.name)
    move_type(draft, old, Ref(old.schema, statement.new_name))


def _function(draft: Draft, statement: Rename) -> None:
    old = draft.find_function(statement.name)
    meant = overloads_meant(draft, old, statement.arguments, statement.kind)
    if meant:
        move_functions(draft, old, Ref(old.schema, statement.new_name), meant)


def _schema(draft: Draft, statement: Rename) -> None:
    """Everything in a schema moves: one of the few statements that look at every object."""
    old, new = statement.name.name, statement.new_name
    if old == new or new in draft.schemas:
        return
    for ref in sorted(ref for ref in draft.types if ref.schema == old):
        move_type(draft, ref, Ref(new, ref.name))
    for ref in sorted(ref for ref in draft.relations if ref.schema == old):
        move_relation(draft, ref, Ref(new, ref.name))
    for ref in sorted(ref for ref in draft.types if ref.schema == old):  # those that shared their name with a relation
        move_type(draft, ref, Ref(new, ref.name))
    for ref in sorted(ref for ref in draft.functions if ref.schema == old):
        move_functions(draft, ref, Ref(new, ref.name), draft.functions[ref])
    for publication in draft.publications.values():
        if old in publication.schemas:
            schemas = tuple(new if schema == old else schema for schema in publication.schemas)
            draft.put_publication(replace(publication, schemas=schemas))
    for place in [one for one in draft.default_grants if one[0] == old]:
        grants = draft.default_grants[place]
        draft.default_grants = draft.default_grants.remove(place).insert((new, place[1]), grants)
    born = draft.schemas.get(old)
    if born is not None:
        draft.schemas = draft.schemas.remove(old).insert(new, born)


def _publication(draft: Draft, statement: Rename) -> None:
    publication = draft.publications.get(statement.name.name)
    if publication is not None:
        draft.publications = draft.publications.remove(publication.name)
        draft.put_publication(replace(publication, name=statement.new_name))


_RENAMES: dict[str, Callable[[Draft, Rename], None]] = {
    "TABLE": _relation,
    "FOREIGN TABLE": _relation,
    "VIEW": _relation,
    "MATERIALIZED VIEW": _relation,
    "SEQUENCE": _relation,
    "INDEX": _index,
    "COLUMN": _column,
    "ATTRIBUTE": _attribute,
    "CONSTRAINT": _constraint,
    "TRIGGER": _trigger,
    "POLICY": _policy,
    "TYPE": _type,
    "DOMAIN": _type,
    "FUNCTION": _function,
    "PROCEDURE": _function,
    "ROUTINE": _function,
    "AGGREGATE": _function,
    "SCHEMA": _schema,
    "PUBLICATION": _publication,
}


# --- SET SCHEMA -------------------------------------------------------------------------------------------------------


def set_schema(draft: Draft, statement: SetSchema) -> None:
    """Move an object; a table takes its indexes and the sequences it owns along."""
    if statement.kind in ("TYPE", "DOMAIN"):
        old = draft.find_type(statement.name)
        move_type(draft, old, Ref(statement.new_schema, old.name))
    elif statement.kind in ("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"):
        old = draft.find_function(statement.name)
        meant = overloads_meant(draft, old, statement.arguments, statement.kind)
        if meant and old.schema != statement.new_schema:
            move_functions(draft, old, Ref(statement.new_schema, old.name), meant)
    elif statement.kind in ("TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE"):
        _move_to_schema(draft, statement.name, statement.new_schema)


def _move_to_schema(draft: Draft, name: Name, schema: str) -> None:
    relation = draft.named(name)
    if relation is None or relation.ref.schema == schema:
        return
    new = Ref(schema, relation.ref.name)
    if new in draft.relations:
        return
    move_relation(draft, relation.ref, new)
    if isinstance(relation, (Table, View)):
        for index in relation.indexes:
            move_relation(draft, index, Ref(schema, index.name))
    if isinstance(relation, Table):
        for sequence in sequences_owned_by(draft, new):
            move_relation(draft, sequence.ref, Ref(schema, sequence.ref.name))
