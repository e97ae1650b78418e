"""Column definitions, constraints and partition bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from migrasafe.sql.convert.base import (
    Fields,
    expression,
    fields,
    name_from_list,
    options,
    relation,
    strings,
    type_name,
)
from migrasafe.sql.convert.indexes import index_element
from migrasafe.sql.statements import (
    ColumnDef,
    ConstraintDef,
    ConstraintKind,
    Expression,
    Identity,
    PartitionBound,
    PartitionBy,
    References,
)

# By names of their own: until Python 3.12 it takes ten times as long to find a member in its enum.
_FOREIGN_KEY, _CHECK = ConstraintKind.FOREIGN_KEY, ConstraintKind.CHECK
_EXCLUDE, _NOT_NULL = ConstraintKind.EXCLUDE, ConstraintKind.NOT_NULL
_KINDS = {
    "CONSTR_NOTNULL": ConstraintKind.NOT_NULL,
    "CONSTR_CHECK": ConstraintKind.CHECK,
    "CONSTR_FOREIGN": ConstraintKind.FOREIGN_KEY,
    "CONSTR_UNIQUE": ConstraintKind.UNIQUE,
    "CONSTR_PRIMARY": ConstraintKind.PRIMARY_KEY,
    "CONSTR_EXCLUSION": ConstraintKind.EXCLUDE,
}
_AS_WRITTEN = {
    "conname": "name",
    "indexname": "using_index",
    "skip_validation": "not_valid",
    "deferrable": "deferrable",
    "initdeferred": "initially_deferred",
    "is_no_inherit": "no_inherit",
    "nulls_not_distinct": "nulls_not_distinct",
    "without_overlaps": "without_overlaps",
    "fk_with_period": "without_overlaps",
    "indexspace": "tablespace",
}
"""What a constraint takes over as it is, by the grammar's name: few have more than one of these, and what is not said is
not in the tree."""
_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_Attribute = Callable[[ConstraintDef], ConstraintDef]
_ATTRIBUTES: Mapping[str, _Attribute] = {
    "CONSTR_ATTR_DEFERRABLE": lambda one: replace(one, deferrable=True),
    "CONSTR_ATTR_NOT_DEFERRABLE": lambda one: replace(one, deferrable=False),
    "CONSTR_ATTR_DEFERRED": lambda one: replace(one, deferrable=True, initially_deferred=True),
    "CONSTR_ATTR_IMMEDIATE": lambda one: replace(one, initially_deferred=False),
    "CONSTR_ATTR_ENFORCED": lambda one: replace(one, enforced=True),
    "CONSTR_ATTR_NOT_ENFORCED": lambda one: replace(one, enforced=False),
}


def constraint(node: Fields, column: str | None = None) -> ConstraintDef | None:
    """A constraint; None for the parts of a column that are none (DEFAULT, GENERATED, NULL …)."""
    what = _KINDS.get(node.get("contype", ""))
    if what is None:
        return None
    given: dict[str, Any] = {_AS_WRITTEN[key]: value for key, value in node.items() if key in _AS_WRITTEN}
    columns: tuple[str, ...] = (column,) if column is not None else ()
    if (what is _CHECK or what is _FOREIGN_KEY) and "is_enforced" not in node:
        given.update(enforced=False, not_valid=False)
    if what is _FOREIGN_KEY:
        columns = strings(node.get("fk_attrs")) or columns
        given["references"] = _references(node)
    elif what is _EXCLUDE:
        items = node.get("exclusions", ())
        elements = tuple([index_element(fields(item["List"]["items"][0])) for item in items])
        columns = tuple([one.column for one in elements if one.column is not None])
        exclusions = tuple([Expression(node=item) for item in items])
        given.update(exclude_method=node.get("access_method"), elements=elements, exclusions=exclusions)
    elif "keys" in node:
        columns = strings(node["keys"])
    if "including" in node:
        given["include"] = strings(node["including"])
    if "options" in node:
        given["options"] = options(node["options"])
    expressed = expression(node.get("raw_expr") or node.get("where_clause"))
    return ConstraintDef(kind=what, columns=columns, expression=expressed, **given)


def _references(node: Fields) -> References:
    return References(
        table=relation(node.get("pktable", {})),
        columns=strings(node.get("pk_attrs")),
        on_delete=_ACTIONS.get(node.get("fk_del_action", "a"), "NO ACTION"),
        on_update=_ACTIONS.get(node.get("fk_upd_action", "a"), "NO ACTION"),
        match_full=node.get("fk_matchtype") == "f",
    )


def identity(node: Fields) -> Identity:
    given = {fields(option).get("defname", ""): fields(option).get("arg") for option in node.get("options", [])}
    sequence = given.get("sequence_name")
    return Identity(
        always=node.get("generated_when") == "a",
        options=tuple(given),
        sequence=name_from_list(fields(sequence).get("items")) if sequence else None,
    )


def column_def(node: Fields) -> ColumnDef:
    """A column, with what its constraints say folded in."""
    name = node.get("colname", "")
    found: list[ConstraintDef] = []
    default: Expression | None = expression(node.get("raw_default"))
    generated, stored, not_null, null, of_identity = None, True, False, False, None
    for item in node.get("constraints", ()):
        part = item["Constraint"]
        made = constraint(part, name)
        if made is not None:
            found.append(made)
            not_null = not_null or made.kind is _NOT_NULL
            continue
        match part.get("contype"):
            case "CONSTR_DEFAULT":
                default = expression(part.get("raw_expr"))
            case "CONSTR_NULL":
                null = True
            case "CONSTR_IDENTITY":
                of_identity = identity(part)
            case "CONSTR_GENERATED":
                generated = expression(part.get("raw_expr"))
                stored = part.get("generated_kind", "s") != "v"
            case attribute if attribute in _ATTRIBUTES and found:
                found[-1] = _ATTRIBUTES[attribute](found[-1])
    type_node = node.get("typeName")
    collation = node.get("collClause")
    return ColumnDef(
        name=name,
        type=type_name(type_node) if type_node else None,
        not_null=not_null,
        null=null,
        default=default,
        identity=of_identity,
        generated=generated,
        generated_stored=stored,
        collation=name_from_list(collation.get("collname")) if collation else None,
        constraints=tuple(found),
        compression=node.get("compression"),
        storage=node.get("storage_name"),
    )


_STRATEGY = {"l": "list", "r": "range", "h": "hash"}


def partition_by(node: Fields | None) -> PartitionBy | None:
    if not node:
        return None
    elements = [fields(item) for item in node.get("partParams", [])]
    return PartitionBy(
        strategy=str(node.get("strategy", "")).removeprefix("PARTITION_STRATEGY_").lower(),
        columns=tuple(element.get("name") for element in elements),
        expressions=tuple(Expression(node=element["expr"]) for element in elements if "expr" in element),
    )


def bound(node: Fields | None) -> PartitionBound | None:
    if not node:
        return None
    if node.get("is_default"):
        return PartitionBound(default=True)
    return PartitionBound(
        strategy=_STRATEGY.get(node.get("strategy", ""), ""),
        lower=_expressions(node.get("lowerdatums")),
        upper=_expressions(node.get("upperdatums")),
        values=_expressions(node.get("listdatums")),
        modulus=node.get("modulus", 0),
        remainder=node.get("remainder", 0),
    )


def _expressions(nodes: Sequence[Mapping[str, Any]] | None) -> tuple[Expression, ...]:
    return tuple(Expression(node=node) for node in nodes or ())
