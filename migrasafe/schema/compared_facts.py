"""What is compared of each part of a schema, by what to call it."""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.schema.model import (
    Column,
    ColumnRef,
    Composite,
    Constraint,
    Domain,
    Function,
    Index,
    Policy,
    Sequence,
    Table,
    Trigger,
    View,
)
from migrasafe.sql.statements import ConstraintKind, IndexElement, TypeName

Facts = Mapping[str, object]


class Unknown:
    """Stands for what could not be known, such as the type of a computed column of CREATE TABLE AS."""


def table_facts(table: Table) -> Facts:
    return {
        "kind": table.kind.value,
        "persistence": table.persistence.value,
        "indexes": frozenset(table.indexes),
        "row security": table.row_security,
        "forced row security": table.row_security_forced,
        "partitioned by": None
        if table.partition_by is None
        else (table.partition_by.strategy, table.partition_by.columns),
        "partition of": table.partition_of,
        "bound": table.bound is not None,
        "partitions": frozenset(table.partitions),
        "inherits": table.inherits,
        "children": frozenset(table.children),
        "replica identity": table.replica_identity,
        "options": frozenset(table.options),
        "of type": table.of_type,
        "grants": table.grants,
    }


def column_facts(column: Column) -> Facts:
    return {
        "type": column.type or Unknown,
        "NOT NULL": column.not_null,
        "NOT NULL validated": column.not_null_valid,
        "default": column.default is not None,
        # Partitions have the identity of their table from 17 on, and none of their own before.
        "identity": Unknown if column.inherited else None if column.identity is None else column.identity.always,
        "generated": column.generated is not None,
        "stored": column.generated_stored,
        "collation": column.collation,
        "inherited": column.inherited,
        "grants": column.grants,
    }


def constraint_facts(constraint: Constraint) -> Facts:
    references = constraint.references
    return {
        "kind": constraint.kind.value,
        "columns": frozenset(constraint.columns) if constraint.kind is ConstraintKind.CHECK else constraint.columns,
        "target": constraint.target,
        "target columns": constraint.target_columns,
        "on delete": references.on_delete if references is not None else None,
        "on update": references.on_update if references is not None else None,
        "valid": constraint.valid,
        "enforced": constraint.enforced,
        "deferrable": constraint.deferrable,
        "initially deferred": constraint.initially_deferred,
        "no inherit": constraint.no_inherit,
        "include": constraint.include,
        "nulls not distinct": constraint.nulls_not_distinct,
        "without overlaps": constraint.without_overlaps,
        "index": constraint.index,
        "inherited": constraint.inherited,
    }


def trigger_facts(trigger: Trigger) -> Facts:
    return {
        "function": trigger.function,
        "timing": trigger.timing,
        "events": frozenset(trigger.events),
        "columns": trigger.columns,
        "per row": trigger.row,
        "constraint": trigger.constraint,
        "enabled": trigger.enabled,
        "reads": trigger.reads,
        "inherited": trigger.inherited,
    }


def policy_facts(policy: Policy) -> Facts:
    return {
        "command": policy.command,
        "permissive": policy.permissive,
        "roles": frozenset(policy.roles),
        "USING": policy.using is not None,
        "WITH CHECK": policy.check is not None,
        "reads": policy.reads,
    }


def index_facts(index: Index) -> Facts:
    return {
        "table": index.table,
        "elements": tuple(_element(element) for element in index.elements),
        "unique": index.unique,
        "method": index.method,
        "predicate": index.predicate is not None,
        "include": index.include,
        "reads": index.reads,
        "column names": index.column_names,
        "nulls not distinct": index.nulls_not_distinct,
        "options": frozenset(index.options),
        "valid": index.valid,
        "constraint": index.constraint,
        "parent": index.parent,
        "tablespace": index.tablespace,
        "replica identity": index.replica_identity,
    }


def _element(element: IndexElement) -> str:
    order = " DESC" if element.descending else ""
    if element.nulls_first is not None and element.nulls_first is not element.descending:
        order += " NULLS FIRST" if element.nulls_first else " NULLS LAST"
    return f"{element.column or '(expression)'}{order}"


def view_facts(view: View) -> Facts:
    return {
        "kind": view.kind.value,
        "columns": view.columns,
        "reads": _reads(view.reads),
        "populated": view.populated,
        "indexes": frozenset(view.indexes),
        "options": frozenset(view.options),
        "grants": view.grants,
        "grants of columns": view.column_grants,
    }


def _reads(reads: frozenset[ColumnRef]) -> frozenset[ColumnRef]:
    """A relation read as a whole, or only counted, is the same as one of which some columns are read."""
    with_columns = {read.relation for read in reads if read.column is not None}
    return frozenset(r for r in reads if r.column is not None or r.relation not in with_columns)


def sequence_facts(sequence: Sequence) -> Facts:
    return {"type": sequence.type or TypeName(name="int8"), "owned by": sequence.owned_by, "grants": sequence.grants}


def domain_facts(domain: Domain) -> Facts:
    return {
        "type": domain.type,
        "NOT NULL": domain.not_null,
        "default": domain.default is not None,
        "constraints": frozenset((c.name, c.valid) for c in domain.constraints),
        "collation": domain.collation,
    }


def composite_facts(composite: Composite) -> Facts:
    return {"attributes": tuple((a.name, a.type) for a in composite.attributes)}


def function_facts(function: Function) -> Facts:
    return {
        "arguments": tuple((a.name, a.mode) for a in function.arguments),
        "language": function.language,
        "volatility": function.volatility,
        "strict": function.strict,
        "security definer": function.security_definer,
        "settings": frozenset(function.settings),
        "procedure": function.procedure,
        "reads": _reads(function.reads),
    }
