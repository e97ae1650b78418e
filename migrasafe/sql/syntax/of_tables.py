"""Newer syntax in tables: their columns, constraints, partitions, statistics, and what ALTER TABLE does with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.sql.syntax import options as syntax_options
from migrasafe.sql.syntax.of_statements import owner

Fields = Mapping[str, Any]
Found = Iterator[tuple[str, int]]


def constraint(fields: Fields) -> Found:
    kind = fields.get("contype")
    if fields.get("nulls_not_distinct"):
        yield "UNIQUE NULLS NOT DISTINCT", 15
    if kind == "CONSTR_GENERATED" and fields.get("generated_kind") == "v":
        yield "virtual generated columns", 18
    if kind in ("CONSTR_ATTR_ENFORCED", "CONSTR_ATTR_NOT_ENFORCED"):
        yield "NOT ENFORCED constraints", 18
    if kind in ("CONSTR_CHECK", "CONSTR_FOREIGN") and not fields.get("is_enforced"):
        yield "NOT ENFORCED constraints", 18
    if fields.get("without_overlaps") or fields.get("fk_with_period"):
        yield "WITHOUT OVERLAPS and PERIOD", 18
    if fields.get("fk_del_set_cols"):
        yield "ON DELETE SET NULL with columns", 15
    if kind == "CONSTR_NOTNULL" and fields.get("is_no_inherit"):
        yield "NOT NULL NO INHERIT", 18
    if kind == "CONSTR_NOTNULL" and fields.get("keys") == [{"String": {"sval": "value"}}]:
        yield "NOT NULL as a constraint of a domain", 17
    elif kind == "CONSTR_NOTNULL" and fields.get("keys"):
        yield "NOT NULL as a constraint of the table", 18


def command(fields: Fields) -> Found:
    known = _SUBTYPES.get(fields.get("subtype", ""))
    if known is not None:
        yield known
    yield from owner(fields)
    match fields:
        case {"subtype": "AT_SetStorage", "def": {"String": {"sval": "default"}}}:
            yield "SET STORAGE DEFAULT", 16
        case {"subtype": "AT_SetAccessMethod"} if "name" not in fields:
            yield "SET ACCESS METHOD DEFAULT", 17
        case {"subtype": "AT_SetStatistics"} if "def" not in fields:
            yield "SET STATISTICS DEFAULT", 17


def alter_table(fields: Fields) -> Found:
    if fields.get("objtype") == "OBJECT_SEQUENCE" and any(
        item.get("AlterTableCmd", {}).get("subtype") in ("AT_SetLogged", "AT_SetUnLogged") for item in fields["cmds"]
    ):
        yield "unlogged sequences", 15


_SUBTYPES = {
    "AT_DropExpression": ("DROP EXPRESSION", 13),
    "AT_DetachPartitionFinalize": ("DETACH PARTITION … FINALIZE", 14),
    "AT_SetCompression": ("SET COMPRESSION", 14),
    "AT_SetAccessMethod": ("SET ACCESS METHOD", 15),
    "AT_SetExpression": ("SET EXPRESSION", 17),
}


def alter_constraint(fields: Fields) -> Found:
    if fields.get("alterEnforceability") or fields.get("alterInheritability"):
        yield "ALTER CONSTRAINT … ENFORCED and INHERIT", 18


def detach(fields: Fields) -> Found:
    if fields.get("concurrent"):
        yield "DETACH PARTITION … CONCURRENTLY", 14


def column(fields: Fields) -> Found:
    if "compression" in fields:
        yield "COMPRESSION of a column", 14
    if "storage_name" in fields:
        yield "STORAGE in CREATE TABLE", 16
    yield from syntax_options.of_type(fields.get("typeName", {}))


def create_table(fields: Fields) -> Found:
    if "partspec" in fields and "accessMethod" in fields:
        yield "an access method of a partitioned table", 17


def like(fields: Fields) -> Found:
    options = fields.get("options", 0)
    if options & _LIKE_COMPRESSION and options != _LIKE_ALL:
        yield "LIKE … INCLUDING COMPRESSION", 14


_LIKE_COMPRESSION, _LIKE_ALL = 2, 0x7FFFFFFF
"""CREATE_TABLE_LIKE_… of parsenodes.h."""


def foreign_table(fields: Fields) -> Found:
    if any("TableLikeClause" in item for item in fields.get("base", {}).get("tableElts", [])):
        yield "LIKE in CREATE FOREIGN TABLE", 18


def statistics(fields: Fields) -> Found:
    if not fields.get("defnames"):
        yield "CREATE STATISTICS without a name", 16
    if any("expr" in item.get("StatsElem", {}) for item in fields.get("exprs", [])):
        yield "CREATE STATISTICS on expressions", 14


def alter_statistics(fields: Fields) -> Found:
    yield "ALTER STATISTICS … SET STATISTICS", 13
    if "stxstattarget" not in fields:
        yield "SET STATISTICS DEFAULT", 17
