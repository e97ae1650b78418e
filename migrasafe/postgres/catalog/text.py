"""The server's own spelling of its objects, parsed by our parser into the values that migrations give us as well."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AlterTable,
    Argument,
    ConstraintDef,
    CreateFunction,
    CreateTable,
    CreateView,
    Expression,
    PartitionBound,
    PartitionBy,
    Query,
    Statement,
    TypeName,
)
from migrasafe.sql.statements import AttachPartition as Attach


class ServerTexts:
    """Texts gathered from the catalog, each parsed once; all at a time, because that is how the parser is quick."""

    def __init__(self) -> None:
        self._parsed: dict[str, Statement | None] = {}

    def learn(self, statements: Iterable[str]) -> None:
        """Parse statements that will be asked for."""
        new = [sql for sql in dict.fromkeys(statements) if sql not in self._parsed]
        read = read_script(Source(path="", text=";\n".join(new))).statements if new else ()
        if len(read) == len(new):
            self._parsed.update(zip(new, read, strict=True))
            return
        for sql in new:
            alone = read_script(Source(path="", text=sql)).statements
            self._parsed[sql] = alone[0] if len(alone) == 1 else None

    def statement(self, sql: str) -> Statement | None:
        if sql not in self._parsed:
            self.learn((sql,))
        return self._parsed[sql]

    # --- what is asked for ---

    def type(self, text: str) -> TypeName:
        column = self._column(type_sql(text))
        return column.column.type or TypeName(name=text) if column is not None else TypeName(name=text)

    def expression(self, text: str | None) -> Expression | None:
        if text is None:
            return None
        column = self._column(expression_sql(text))
        return column.column.default if column is not None else None

    def constraint(self, definition: str) -> ConstraintDef | None:
        statement = self.statement(constraint_sql(definition))
        if isinstance(statement, AlterTable) and statement.actions:
            action = statement.actions[0]
            return action.constraint if isinstance(action, AddConstraint) else None
        return None

    def query(self, text: str | None) -> Query | None:
        statement = self.statement(query_sql(text)) if text is not None else None
        return statement.query if isinstance(statement, CreateView) else None

    def bound(self, text: str | None) -> PartitionBound | None:
        statement = self.statement(bound_sql(text)) if text is not None else None
        if isinstance(statement, AlterTable) and statement.actions and isinstance(statement.actions[0], Attach):
            return statement.actions[0].bound
        return None

    def partition_key(self, text: str | None) -> PartitionBy | None:
        statement = self.statement(partition_key_sql(text)) if text is not None else None
        return statement.partition_by if isinstance(statement, CreateTable) else None

    def signature(self, arguments: str, result: str | None) -> tuple[tuple[Argument, ...], TypeName | None]:
        statement = self.statement(signature_sql(arguments, result))
        if isinstance(statement, CreateFunction):
            return statement.arguments, statement.returns
        return (), None

    def _column(self, sql: str) -> AddColumn | None:
        statement = self.statement(sql)
        if isinstance(statement, AlterTable) and statement.actions and isinstance(statement.actions[0], AddColumn):
            return statement.actions[0]
        return None


# --- statements around the server's texts -----------------------------------------------------------------------------


def type_sql(text: str) -> str:
    return f"ALTER TABLE t ADD c {text}"


def expression_sql(text: str) -> str:
    return f"ALTER TABLE t ADD c int DEFAULT ({text})"


def constraint_sql(definition: str) -> str:
    return f"ALTER TABLE t ADD {definition}"


def query_sql(text: str) -> str:
    return f"CREATE VIEW v AS {text.rstrip().removesuffix(';')}"


def bound_sql(text: str) -> str:
    return f"ALTER TABLE t ATTACH PARTITION p {text}"


def partition_key_sql(text: str) -> str:
    return f"CREATE TABLE t (c int) PARTITION BY {text}"


def signature_sql(arguments: str, result: str | None) -> str:
    if result is None:
        return f"CREATE PROCEDURE f({arguments}) LANGUAGE c AS ''"
    return f"CREATE FUNCTION f({arguments}) RETURNS {result} LANGUAGE c AS ''"
