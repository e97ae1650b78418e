"""Constants without the type that a column is to lose: `mood = 'ok'` fits a column of any type, `mood = 'ok'::mood` does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from migrasafe.plan.changes.model import Ground
from migrasafe.schema.model import Constraint, Index, Ref, Table, View
from migrasafe.sql.expressions import names_of
from migrasafe.sql.statements import Expression, Query

Strip = Callable[[Any], Any]


def without_casts(ground: Ground, table: Table, column: str, type: str) -> tuple[Ground, Table]:
    """What stands on the column, so that it can be made over a column of another type. `type`: the name of the old one.

    Only for making plans with: a fingerprint is taken of the schema as it is.
    """
    schema = ground.schema
    strip = _of(type)
    made = replace(
        table,
        columns=tuple(
            replace(one, default=_stripped(one.default, strip)) if one.name == column else one for one in table.columns
        ),
        constraints=tuple(_constraint(one, strip) if column in one.columns else one for one in table.constraints),
    )
    relations = schema.relations.insert(table.ref, made)
    for index in schema.indexes_of(table):
        if column in index.reads:
            relations = relations.insert(index.ref, _index(index, strip))
    for ref in _readers(ground, table.ref):
        view = schema.view(ref)
        if view is not None and view.query is not None:
            relations = relations.insert(ref, replace(view, query=Query(node=strip(view.query.node))))
    return replace(ground, schema=replace(schema, relations=relations)), made


def _readers(ground: Ground, table: Ref) -> list[Ref]:
    found, waiting = set(), [table]
    while waiting:
        for ref in ground.schema.dependents_of(waiting.pop()):
            if ref not in found and isinstance(ground.schema.relation(ref), View):
                found.add(ref)
                waiting.append(ref)
    return sorted(found)


def _constraint(constraint: Constraint, strip: Strip) -> Constraint:
    return replace(constraint, expression=_stripped(constraint.expression, strip))


def _index(index: Index, strip: Strip) -> Index:
    return replace(
        index,
        elements=tuple(replace(one, expression=_stripped(one.expression, strip)) for one in index.elements),
        predicate=_stripped(index.predicate, strip),
    )


def _stripped(expression: Expression | None, strip: Strip) -> Expression | None:
    return None if expression is None else Expression(node=strip(expression.node))


def _of(type: str) -> Strip:
    def strip(tree: Any) -> Any:
        if isinstance(tree, list):
            return [strip(one) for one in tree]
        if not isinstance(tree, Mapping):
            return tree
        cast = tree.get("TypeCast")
        if (
            cast is not None
            and "A_Const" in cast["arg"]
            and names_of(cast["typeName"].get("names", []))[-1:] == (type,)
        ):
            return cast["arg"]
        comparison = tree.get("A_Expr")
        if comparison is not None and comparison.get("kind") == "AEXPR_OP_ANY":
            array = comparison["rexpr"].get("A_ArrayExpr")
            if array is not None:  # as it is kept of IN (…); its constants would be texts
                items = {"List": {"items": strip(array.get("elements", []))}}
                return {"A_Expr": {**strip(comparison), "kind": "AEXPR_IN", "rexpr": items}}
        return {key: strip(value) for key, value in tree.items()}

    return strip
