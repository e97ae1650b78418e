"""Models of SQLAlchemy 2.0, for one phase of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.app_code.model import Kept, Mapped, Worked
from migrasafe.plan.app_code.names import attribute, flag_for, flag_of, literal, spaced
from migrasafe.plan.app_code.sqlalchemy_types import Declared, declared, knows
from migrasafe.plan.app_code.worked_out import both_sides, columns_of
from migrasafe.plan.output.documents import rendered
from migrasafe.plan.output.python_text import escaped
from migrasafe.schema.model import Column
from migrasafe.sql.quote import spell_type


class Both(Struct, frozen=True, kw_only=True):
    """A column that is kept twice by the app."""

    attribute: str
    python: str


def sqlalchemy_model(table: Mapped, *, at_the_end: bool) -> str:
    """The changed columns of a table: while a column has two names, or `at_the_end`."""
    kept = () if at_the_end else table.kept
    worked = None if at_the_end else table.worked
    found = _Lines(table, kept, worked)
    sides = None
    if worked is not None:
        sides = both_sides(worked, escaped, lambda at: f":v{at}")
    code = rendered(
        "code/sqlalchemy.py.j2",
        table=table,
        name=literal(table.after.name),
        schema=literal(table.after.schema) if table.after.schema != "public" else None,
        lines=found.lines,
        imports=list(_import_lines(found.imports)),
        both=found.both,
        sides=sides,
        binds=found.binds,
        flag=flag_of(kept[0]) if kept else flag_for(worked.table.name, worked.new[0].name) if worked else None,
    )
    return spaced(code)


def _import_lines(lines: set[str]) -> Iterator[str]:
    """Sorted: what is Python's own, then SQLAlchemy, one line a module."""
    own = sorted((line for line in lines if "sqlalchemy" not in line), key=lambda line: (line.startswith("from"), line))
    yield from own
    if own:
        yield ""
    modules = sorted({line.partition(" import ")[0] for line in lines if "sqlalchemy" in line})
    for module in modules:
        names = sorted(
            {
                one
                for line in lines
                if line.startswith(f"{module} import ")
                for one in line.split(" import ")[1].split(", ")
            }
        )
        yield f"{module} import {', '.join(names)}"


def _bound(expression: str) -> str:
    # None is NULL here, not the null of JSON
    return f"{expression}(none_as_null=True)" if expression in ("JSON", "JSONB") else expression


class _Lines:
    def __init__(self, table: Mapped, kept: tuple[Kept, ...], worked: Worked | None) -> None:
        twice_written = () if worked is None else columns_of(table, worked)
        self.given = any(column.default is not None for column in twice_written)
        self.news = frozenset() if worked is None else frozenset(one.name for one in worked.new)
        self.binds: list[str] = []
        self.imports = {"from sqlalchemy.orm import Mapped, mapped_column"}
        self.both: list[Both] = []
        self.lines: list[str] = []
        for column in table.key:
            self.lines.append(self._line(column, key=True))
        for column in table.changed:
            twice = next((one for one in kept if one.new == column.name), None)
            old = next((one for one in table.gone if twice is not None and one.name == twice.old), column)
            self.lines.extend([self._line(column)] if twice is None else self._twice(column, old, twice))
        for at, column in enumerate(twice_written, start=1):
            if column in table.gone:
                self.lines.append(self._line(column))
            self.binds.append(f'bindparam("v{at}", type_={_bound(self._declared(column).expression)})')
        if worked is not None:
            self.imports |= {"import os", "from typing import Any", "from sqlalchemy import bindparam, event, text"}
        for column in table.gone:
            if column not in twice_written and all(one.old != column.name for one in kept):
                self.lines.append(f"# gone: {attribute(column.name)}")
        if kept:
            self.imports.add("import os")

    def _twice(self, column: Column, old: Column, kept: Kept) -> Iterator[str]:
        if not kept.by_app:
            where = f"{literal(kept.new)} if {flag_of(kept)}() else {literal(kept.old)}"
            yield self._line(column, where=where, nullable=old.not_null is False)
            return
        name = attribute(column.name)
        found = self._declared(column)
        optional = "" if old.not_null else " | None"
        self.both.append(Both(attribute=name, python=f"{found.python}{optional}"))
        self.imports |= {"from sqlalchemy.ext.hybrid import hybrid_property", "from typing import Any"}
        given = ""
        if old.default is not None:
            self.imports.add("from sqlalchemy import FetchedValue")
            given = ", server_default=FetchedValue()"
        yield f"_old_{name}: Mapped[{found.python}{optional}] = mapped_column({literal(kept.old)}, {found.expression}{given})"
        yield f"_new_{name}: Mapped[{found.python} | None] = mapped_column({literal(kept.new)}, {found.expression}{given})"

    def _line(
        self, column: Column, *, key: bool = False, where: str | None = None, nullable: bool | None = None
    ) -> str:
        found = self._declared(column)
        name = attribute(column.name)
        may_be_null = (not column.not_null or column.name in self.news) if nullable is None else nullable
        python = f"{found.python} | None" if may_be_null and not key else found.python
        words = [where] if where else ([literal(column.name)] if name != column.name else [])
        words.append(found.expression)
        if key:
            words.append("primary_key=True")
        elif column.default is not None or column.generated is not None or (self.given and column.name in self.news):
            self.imports.add("from sqlalchemy import FetchedValue")
            words.append("server_default=FetchedValue()")
        known = "" if column.type is None or knows(column.type) else f"  # {spell_type(column.type)}"
        return f"{name}: Mapped[{python}] = mapped_column({', '.join(words)}){known}"

    def _declared(self, column: Column) -> Declared:
        if column.type is None:
            return Declared(expression="Text", python="str", imports=("from sqlalchemy import Text",))
        found = declared(column.type)
        self.imports.update(found.imports)
        return found
