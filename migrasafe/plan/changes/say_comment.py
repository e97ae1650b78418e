"""COMMENT ON: locks nobody out; the catalog tells whether it has been said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.comment_said import comment_said, names_in, resolved
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Schema
from migrasafe.sql.quote import quote_ident, quote_literal


class SayComment(Struct, frozen=True, kw_only=True):
    sql: str
    kind: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for what the comment is on, where no question tells whether it was said."""
        fields = _tree(self.sql)
        text: str | None = fields.get("comment")
        names = names_in(fields.get("object", {}))
        said = comment_said(ground.schema, fields)
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
        title = f"Comment on {self.kind.lower()} {'.'.join(names)}".rstrip()
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


def _column_of(schema: Schema, kind: str, names: tuple[str, ...]) -> ColumnRef | None:
    return ColumnRef(resolved(schema, names[:-1]), names[-1]) if kind == "COLUMN" and len(names) >= 2 else None


def _tree(sql: str) -> Mapping[str, Any]:
    from migrasafe.sql.libpg_query import parse

    fields: Mapping[str, Any] = parse(sql)[0]["stmt"]["CommentStmt"]
    return fields
