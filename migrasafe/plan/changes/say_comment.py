"""COMMENT ON: locks nobody out; the catalog tells whether it has been said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, Schema
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type

_RELATIONS = ("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "INDEX", "SEQUENCE")

_ON_TABLES = {
    "CONSTRAINT": ("pg_constraint", "conrelid", "conname"),
    "TRIGGER": ("pg_trigger", "tgrelid", "tgname"),
    "POLICY": ("pg_policy", "polrelid", "polname"),
}
"""What belongs to a table and has a name there: its catalog, and the columns of the table and of the name."""


class SayComment(Struct, frozen=True, kw_only=True):
    sql: str
    kind: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for what the comment is on, where no question tells whether it was said."""
        fields = _tree(self.sql)
        text: str | None = fields.get("comment")
        names = _names(fields.get("object", {}))
        said = _said(ground.schema, self.kind, names) or _said_of_function(self.kind, fields.get("object", {}))
        if said is None:
            raise NoPlanError(
                f"COMMENT ON {self.kind} has no plan yet: it locks nobody out; put it into a migration of its own"
            )
        table = _column_of(ground.schema, self.kind, names)
        known = (ground.attached or {}).get(table) if table is not None else None
        undo: tuple[str, ...] = ()
        if table is not None and ground.attached is not None:
            before = known.comment if known is not None else None
            value = "NULL" if before is None else quote_literal(before)
            undo = (f"COMMENT ON COLUMN {name_of(table.relation)}.{quote_ident(str(table.column))} IS {value}",)
        title = f"Comment on {self.kind.lower()} {'.'.join(names)}"
        return Draft(
            title=title[:1].lower() + title[1:],
            tables=(),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title="What is new, and in nobody's way",
                    old_app="goes on as before",
                    new_app="is not deployed yet",
                    steps=(
                        Step(
                            title=title,
                            statements=(self.sql,),
                            done=f"{said} IS NOT DISTINCT FROM {'NULL' if text is None else quote_literal(text)}",
                            undo=undo,
                            stays="" if undo else "the comment",
                        ),
                    ),
                ),
            ),
        )


def _said(schema: Schema, kind: str, names: tuple[str, ...]) -> str | None:
    """The expression that gives the comment there is."""
    if kind in _RELATIONS:
        return f"obj_description({predicates.relation(_resolved(schema, names))}, 'pg_class')"
    if kind == "COLUMN" and len(names) >= 2:
        table = _resolved(schema, names[:-1])
        return f"col_description({predicates.relation(table)}, {predicates.column_number(table, names[-1])})"
    if kind == "SCHEMA":
        return f"obj_description(to_regnamespace({quote_literal(quote_ident(names[-1]))}), 'pg_namespace')"
    if kind in ("TYPE", "DOMAIN") and names:
        ref = schema.resolve_type(names[0] if len(names) > 1 else None, names[-1])
        return f"obj_description({predicates.type_of(ref)}, 'pg_type')"
    if kind == "EXTENSION":
        return (
            "(SELECT obj_description(oid, 'pg_extension') FROM pg_catalog.pg_extension"
            f" WHERE extname = {quote_literal(names[-1])})"
        )
    if kind in _ON_TABLES and len(names) >= 2:
        catalog, on, name = _ON_TABLES[kind]
        relation = predicates.relation(_resolved(schema, names[:-1]))
        return (
            f"(SELECT obj_description(oid, '{catalog}') FROM pg_catalog.{catalog}"
            f" WHERE {on} = {relation} AND {name} = {quote_literal(names[-1])})"
        )
    return None


def _said_of_function(kind: str, fields: Mapping[str, Any]) -> str | None:
    """Likewise for a function or procedure, which is told by its arguments, too."""
    from migrasafe.sql.convert.base import type_name

    found = fields.get("ObjectWithArgs")
    if kind not in ("FUNCTION", "PROCEDURE", "ROUTINE") or found is None or found.get("args_unspecified"):
        return None
    name = ".".join(quote_ident(part["String"]["sval"]) for part in found["objname"])
    arguments = ", ".join(spell_type(type_name(one["TypeName"])) for one in found.get("objargs", ()))
    return f"obj_description(to_regprocedure({quote_literal(f'{name}({arguments})')}), 'pg_proc')"


def _resolved(schema: Schema, names: tuple[str, ...]) -> Ref:
    return schema.resolve(names[-2] if len(names) > 1 else None, names[-1])


def _column_of(schema: Schema, kind: str, names: tuple[str, ...]) -> ColumnRef | None:
    return ColumnRef(_resolved(schema, names[:-1]), names[-1]) if kind == "COLUMN" and len(names) >= 2 else None


def _tree(sql: str) -> Mapping[str, Any]:
    from migrasafe.sql.libpg_query import parse

    fields: Mapping[str, Any] = parse(sql)[0]["stmt"]["CommentStmt"]
    return fields


def _names(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the name, whatever node holds them."""
    if "String" in found:
        return (found["String"]["sval"],)
    items = (
        found.get("ObjectWithArgs", {}).get("objname")
        or found.get("List", {}).get("items")
        or found.get("TypeName", {}).get("names")
        or []
    )
    return tuple(item["String"]["sval"] for item in items if "String" in item)
