"""Types: enums and their labels, composites, domains, ranges and the rest."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from migrasafe.schema.evolve.cascade import remove_column, remove_type
from migrasafe.schema.evolve.columns import each_once
from migrasafe.schema.evolve.constraints import check_constraint
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.expressions import is_null
from migrasafe.schema.evolve.generated_names import first_free
from migrasafe.schema.evolve.type_names import resolved_type
from migrasafe.schema.model import BEFORE_HISTORY, Column, Composite, Constraint, Domain, EnumType, OtherType, Ref, Type
from migrasafe.sql.statements import (
    AddEnumValue,
    AlterAttribute,
    AlterDomain,
    ColumnDef,
    ConstraintDef,
    ConstraintKind,
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateOther,
    CreateRange,
    Expression,
    Name,
    RenameEnumValue,
    TypeName,
)


def _make(draft: Draft, name: Name, build: Callable[[Ref], Type]) -> None:
    ref = draft.place(name)
    if ref in draft.types:
        if draft.existing_stays:
            return
        remove_type(draft, ref)
    draft.put_type(build(ref))


def create_enum(draft: Draft, statement: CreateEnum) -> None:
    _make(draft, statement.name, lambda ref: EnumType(ref=ref, labels=statement.labels, born=draft.moment))


def add_enum_value(draft: Draft, statement: AddEnumValue) -> None:
    """ALTER TYPE … ADD VALUE, at its place; when is kept, because it cannot be used in the same transaction."""
    ref = draft.find_type(statement.type)
    enum = draft.types.get(ref)
    if enum is None and not draft.complete:
        enum = EnumType(ref=ref, born=BEFORE_HISTORY)
    if not isinstance(enum, EnumType) or statement.label in enum.labels:
        return
    labels = list(enum.labels)
    if statement.before in labels:
        place = labels.index(statement.before)
    elif statement.after in labels:
        place = labels.index(statement.after) + 1
    else:
        place = len(labels)
    labels.insert(place, statement.label)
    born = (*enum.label_born, (statement.label, draft.moment))
    draft.put_type(replace(enum, labels=tuple(labels), label_born=born))


def rename_enum_value(draft: Draft, statement: RenameEnumValue) -> None:
    enum = draft.types.get(draft.find_type(statement.type))
    if not isinstance(enum, EnumType):
        return
    old, new = statement.label, statement.new_label
    labels = tuple([new if label == old else label for label in enum.labels])
    born = tuple([(new if label == old else label, moment) for label, moment in enum.label_born])
    draft.put_type(replace(enum, labels=labels, label_born=born))


def create_composite(draft: Draft, statement: CreateComposite) -> None:
    attributes = tuple(each_once([_attribute(draft, definition) for definition in statement.attributes]))
    _make(draft, statement.name, lambda ref: Composite(ref=ref, attributes=attributes, born=draft.moment))


def _attribute(draft: Draft, definition: ColumnDef) -> Column:
    collation = definition.collation.name if definition.collation is not None else None
    return Column(
        name=definition.name, type=resolved_type(draft, definition.type), collation=collation, born=draft.moment
    )


def alter_attribute(draft: Draft, name: Name, action: AlterAttribute) -> None:
    """ALTER TYPE … ADD | DROP | ALTER ATTRIBUTE."""
    ref = draft.find_type(name)
    composite = draft.types.get(ref)
    if composite is None and not draft.complete:
        composite = Composite(ref=ref, born=BEFORE_HISTORY)
    if not isinstance(composite, Composite):
        return
    attributes = composite.attributes
    if action.verb == "drop":
        attributes = tuple([a for a in attributes if a.name != action.attribute])
    elif action.verb == "add":
        if action.attribute not in [a.name for a in attributes]:
            new = Column(name=action.attribute, type=resolved_type(draft, action.type), born=draft.moment)
            attributes = (*attributes, new)
    else:
        type_name = resolved_type(draft, action.type)
        attributes = tuple([replace(a, type=type_name) if a.name == action.attribute else a for a in attributes])
    put_attributes(draft, composite, attributes)


def put_attributes(draft: Draft, composite: Composite, attributes: tuple[Column, ...]) -> None:
    """Change a composite type, and the tables made OF it with it: ALTER TYPE … CASCADE."""
    draft.put_type(replace(composite, attributes=attributes))
    before = {a.name for a in composite.attributes}
    after = {a.name: a for a in attributes}
    for dependent in draft.links.of(composite.ref):
        table = draft.table(dependent)
        if table is None or table.of_type != composite.ref:
            continue
        known = {c.name for c in table.columns}
        new = tuple(replace(a, born=draft.moment) for a in attributes if a.name not in known)
        draft.put(replace(table, columns=tuple(_typed(c, after) for c in table.columns) + new))
        for name in sorted(before - after.keys()):
            remove_column(draft, table.ref, name)


def _typed(column: Column, attributes: dict[str, Column]) -> Column:
    attribute = attributes.get(column.name)
    return column if attribute is None or attribute.type == column.type else replace(column, type=attribute.type)


def create_range(draft: Draft, statement: CreateRange) -> None:
    """CREATE TYPE … AS RANGE, which makes a multirange type as well (14)."""
    _make(draft, statement.name, lambda ref: OtherType(ref=ref, kind="range", born=draft.moment))


def create_other(draft: Draft, statement: CreateOther) -> None:
    """A base or shell type; operators, casts, collations and the like are not held by the catalog value."""
    if statement.kind == "TYPE":
        _make(draft, statement.name, lambda ref: OtherType(ref=ref, born=draft.moment))


# --- domains ----------------------------------------------------------------------------------------------------------


def create_domain(draft: Draft, statement: CreateDomain) -> None:
    base = resolved_type(draft, statement.type) or statement.type
    constraints: list[Constraint] = []
    not_null = statement.not_null
    names: set[str] = set()
    for definition in statement.constraints:
        if definition.kind is ConstraintKind.NOT_NULL:
            not_null = True
        else:
            constraints.append(_domain_check(draft, draft.place(statement.name), definition, names))
            names.add(constraints[-1].name)
    collation = statement.collation.name if statement.collation is not None else None
    below = draft.types.get(Ref(base.schema, base.name)) if base.schema is not None and not base.array else None
    inherited = below.default if isinstance(below, Domain) else None
    default = inherited if statement.default is None else _kept_default(statement.default)
    _make(
        draft,
        statement.name,
        lambda ref: Domain(
            ref=ref,
            type=base,
            not_null=not_null,
            default=default,
            constraints=tuple(constraints),
            collation=collation,
            born=draft.moment,
        ),
    )


def _domain_check(draft: Draft, ref: Ref, definition: ConstraintDef, taken: set[str]) -> Constraint:
    constraint = check_constraint(draft, ref, replace(definition, columns=()))
    if definition.name is None:
        # VALUE is not a column: the name is always domain_check, numbered within the domain.
        constraint = replace(constraint, name=first_free(ref.name, None, "check", taken.__contains__))
    return replace(constraint, columns=())


def alter_domain(draft: Draft, statement: AlterDomain) -> None:
    ref = draft.find_type(statement.name)
    domain = draft.types.get(ref)
    if not isinstance(domain, Domain):
        if domain is not None or draft.complete:
            return
        # A domain we never saw being made: what it is over is not known.
        domain = Domain(ref=ref, type=TypeName(name="unknown"), born=BEFORE_HISTORY)
    change = _ALTER_DOMAIN.get(statement.verb)
    if change is not None:
        draft.put_type(change(draft, domain, statement))


def _set_domain_default(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    return replace(domain, default=_kept_default(statement.default))


def _kept_default(default: Expression | None) -> Expression | None:
    """NULL is what there is without a default, even where the server writes it down."""
    return None if is_null(default) else default


def _drop_domain_default(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    return replace(domain, default=None)


def _set_domain_not_null(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    return replace(domain, not_null=True)


def _drop_domain_not_null(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    return replace(domain, not_null=False)


def _add_domain_constraint(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    definition = statement.constraint
    if definition is None:
        return domain
    if definition.kind is ConstraintKind.NOT_NULL:
        return replace(domain, not_null=True)
    constraint = _domain_check(draft, domain.ref, definition, {c.name for c in domain.constraints})
    return replace(domain, constraints=(*domain.constraints, constraint))


def _drop_domain_constraint(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    return replace(domain, constraints=tuple([c for c in domain.constraints if c.name != statement.constraint_name]))


def _validate_domain_constraint(draft: Draft, domain: Domain, statement: AlterDomain) -> Domain:
    constraints = tuple(
        replace(c, valid=True) if c.name == statement.constraint_name else c for c in domain.constraints
    )
    return replace(domain, constraints=constraints)


_ALTER_DOMAIN: dict[str, Callable[[Draft, Domain, AlterDomain], Domain]] = {
    "set default": _set_domain_default,
    "drop default": _drop_domain_default,
    "set not null": _set_domain_not_null,
    "drop not null": _drop_domain_not_null,
    "add constraint": _add_domain_constraint,
    "drop constraint": _drop_domain_constraint,
    "validate constraint": _validate_domain_constraint,
}
