"""Views and policies that read a column: pointed at the one that takes its place, under the names they always had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of, settings
from migrasafe.schema.model import Policy, Ref, RelationKind, Schema, Table, View
from migrasafe.sql.deparse import deparse, deparse_expression, map_columns, renamed
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression, Node


class Readers(Struct, frozen=True, kw_only=True):
    steps: tuple[Step, ...] = ()
    by_hand: tuple[str, ...] = ()


def readers_of(schema: Schema, table: Table, old: str, new: str, *, without: frozenset[Ref] = frozenset()) -> Readers:
    """Steps that point every view and policy at the new column; what cannot be rewritten is left to a person.

    `without`: views that something else takes care of.
    """
    steps: list[Step] = []
    by_hand: list[str] = []
    for view in _views(schema, table.ref, old):
        if view.ref in without:
            continue
        step = _view_step(view, table, old, new)
        if step is None:
            by_hand.append(
                f"{view.ref} reads {table.ref}.{old} in a way that cannot be rewritten from its text"
                f" ({_why_not(view)}): make it read {new} before the contract phase"
            )
        else:
            steps.append(step)
    steps.extend(_policy_step(table, policy, old, new) for policy in table.policies if old in policy.reads)
    return Readers(steps=tuple(steps), by_hand=tuple(by_hand))


def worked_out(schema: Schema, table: Table, values: Mapping[str, Expression], news: Sequence[str]) -> Readers:
    """Steps that let every view work out what it read of old columns, under the same names and types, from the new ones.

    `values`: of each old column, with its type, over the new ones.
    """
    steps: list[Step] = []
    by_hand: list[str] = []
    for view in dict.fromkeys(view for old in values for view in _views(schema, table.ref, old)):
        read = [old for old in values if any(one.relation == table.ref and one.column == old for one in view.reads)]
        after = None
        if view.kind is RelationKind.VIEW and view.query is not None and not has_star(view.query.node):
            after = _create(view, put_in(view.query.node, values, _qualifiers(view.query.node, table)))
        before = _create(view, view.query.node) if view.query is not None else None
        if after is None or before is None or not read:
            by_hand.append(
                f"{view.ref} reads {', '.join(values)}: make it read {', '.join(news)} before the contract phase"
            )
            continue
        gone = " AND ".join(f"NOT {view_reads(view.ref, table.ref, old)}" for old in values)
        steps.append(
            Step(
                title=f"Let the view {view.ref} work out {', '.join(read)} from {', '.join(news)}",
                statements=(after,),
                done=f"{gone} AND ({' OR '.join(view_reads(view.ref, table.ref, new) for new in news)})",
                undo=(before,),
            )
        )
    return Readers(steps=tuple(steps), by_hand=tuple(by_hand))


def put_in(tree: Any, values: Mapping[str, Expression], qualifiers: frozenset[str]) -> Any:
    """A copy of a query with values in the place of a table's columns; what they read is qualified as the column was."""
    if isinstance(tree, list):
        return [put_in(item, values, qualifiers) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    reference = tree.get("ColumnRef")
    if reference is not None:
        path = names_of(reference["fields"])
        if path and path[-1] in values and (len(path) == 1 or path[-2] in qualifiers):
            return map_columns(values[path[-1]].node, lambda inner: (*path[:-1], inner[-1]))
        return tree
    return {key: put_in(value, values, qualifiers) for key, value in tree.items()}


def _views(schema: Schema, table: Ref, column: str) -> Iterator[View]:
    for ref in sorted(schema.dependents_of(table)):
        relation = schema.relation(ref)
        if isinstance(relation, View):
            read = {one.column for one in relation.reads if one.relation == table}
            if column in read or read == {None}:  # None alone: which columns it reads is not known
                yield relation


def _why_not(view: View) -> str:
    if view.kind is not RelationKind.VIEW:
        return "a materialized view has to be built again"
    return "it says *" if view.query is not None else "its query is not known"


def _view_step(view: View, table: Table, old: str, new: str) -> Step | None:
    if view.kind is not RelationKind.VIEW or view.query is None or has_star(view.query.node):
        return None
    before, after = _create(view, view.query.node), _create(view, reading(view.query.node, table, old, new))
    if before is None or after is None:
        return None
    return Step(
        title=f"Let the view {view.ref} read {new}",
        statements=(after,),
        # The view's own dependencies say which column it reads.
        done=f"NOT {view_reads(view.ref, table.ref, old)} AND {view_reads(view.ref, table.ref, new)}",
        undo=(before,),
    )


def view_reads(view: Ref, table: Ref, column: str) -> str:
    """Whether a view reads a column, as the server keeps it."""
    return (
        "EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid"
        " JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
        f" WHERE d.classid = 'pg_rewrite'::regclass AND r.ev_class = {predicates.relation(view)}"
        f" AND d.refobjid = {predicates.relation(table)} AND a.attname = {quote_literal(column)})"
    )


def _create(view: View, query: Node) -> str | None:
    options = f" WITH ({settings(view.options)})" if view.options else ""
    columns = f" ({', '.join(map(quote_ident, view.columns))})" if view.columns else ""
    try:
        return f"CREATE OR REPLACE VIEW {name_of(view.ref)}{columns}{options} AS {deparse(query)}"
    except ValueError:
        return None


def reading(query: Node, table: Table | View, old: str, new: str) -> Any:
    """The query over the new column. Its output keeps its name: View.columns is written out before AS."""
    return renamed(query, {old: new}, _qualifiers(query, table))


def _qualifiers(query: Node, table: Table | View) -> frozenset[str]:
    """What the table is called in a query: its name, or its aliases."""
    found = set()
    for kind, fields in walk(query):
        if kind == "RangeVar" and fields.get("relname") == table.ref.name:
            alias = fields.get("alias")
            found.add(alias["aliasname"] if alias else table.ref.name)
    return frozenset(found)


def has_star(tree: Any) -> bool:
    return any(
        kind == "ColumnRef" and any("A_Star" in field for field in fields.get("fields", ()))
        for kind, fields in walk(tree)
    )


def policy_again(table: Table, policy: Policy, columns: Mapping[str, str] = {}) -> str:
    """The policy over what is called so now: PostgreSQL looks its columns up again."""
    words = []
    for keyword, expression in (("USING", policy.using), ("WITH CHECK", policy.check)):
        if expression is not None:
            over = Expression(node=renamed(expression.node, columns, frozenset({table.ref.name})))
            words.append(f"{keyword} ({deparse_expression(over)})")
    return f"ALTER POLICY {quote_ident(policy.name)} ON {name_of(table.ref)} {' '.join(words)}"


def policy_reads(table: Table, policy: str, column: str) -> str:
    """Whether a policy reads a column, as the server keeps it."""
    return (
        "EXISTS (SELECT FROM pg_depend d JOIN pg_policy p ON p.oid = d.objid"
        " JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
        f" WHERE d.classid = 'pg_policy'::regclass AND p.polname = {quote_literal(policy)}"
        f" AND p.polrelid = {predicates.relation(table.ref)} AND a.attname = {quote_literal(column)})"
    )


def _policy_step(table: Table, policy: Policy, old: str, new: str) -> Step:
    return Step(
        title=f"Let the policy {policy.name} read {new}",
        statements=(policy_again(table, policy, {old: new}),),
        done=f"{policy_reads(table, policy.name, new)} AND NOT {policy_reads(table, policy.name, old)}",
        undo=(policy_again(table, policy),),
    )
