"""A boolean that gives way to a status of several values: the old version goes on seeing yes and no."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import deparse_expression, parse_expression
from migrasafe.sql.expressions import names_of
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Node


class BooleanToStatus(Struct, frozen=True, kw_only=True):
    replaced: ReplaceColumns
    """Of one column by one, with the way there and no way back."""
    yes: str
    """The status that stands for true, as SQL."""

    def plan(self, ground: Ground) -> Draft:
        """As ReplaceColumns, with the way back that follows from the way there. Raises NoPlanError."""
        (old,), (new,) = self.replaced.old, self.replaced.new
        back = parse_expression(f"{quote_ident(new.name)} = {self.yes}")
        draft = replace(self.replaced, down=((old, back),)).plan(ground)
        return replace(
            draft,
            why=(
                f"any {new.name} but {self.yes} is false to the old version, which knows only yes and no",
                *draft.why,
            ),
        )


def boolean_to_status(change: ReplaceColumns, table: Table | None) -> BooleanToStatus | None:
    """The change, where a boolean becomes `CASE WHEN it THEN … ELSE … END` and no way back is said; None for any other."""
    if len(change.old) != 1 or len(change.new) != 1 or change.down or len(change.up) != 1 or table is None:
        return None
    column = table.column(change.old[0])
    if column is None or column.type is None or column.type.name != "bool" or column.type.array:
        return None
    yes = _result_of_true(change.up[0][1].node, column.name)
    return None if yes is None else BooleanToStatus(replaced=change, yes=deparse_expression(Expression(node=yes)))


def _result_of_true(up: Node, column: str) -> Node | None:
    """The constant that a CASE gives for true: its first branch asks for the column itself."""
    case = up.get("CaseExpr", {})
    branch = case.get("args", [{}])[0].get("CaseWhen", {})
    asked, result = branch.get("expr", {}), branch.get("result", {})
    if "arg" in case or names_of(asked.get("ColumnRef", {}).get("fields", []))[-1:] != (column,):
        return None
    constant = result.get("TypeCast", {}).get("arg", result)
    return {"A_Const": constant["A_Const"]} if "A_Const" in constant else None
