"""What belongs to a column and must be made for another one that takes its place: default, indexes, constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.rules.wording import foreign_key_sql, sql_name
from migrasafe.schema import objects
from migrasafe.schema.definitions import index_elements, settings
from migrasafe.schema.evolve.generated_names import first_free
from migrasafe.schema.model import Column, ColumnRef, Constraint, Index, Ref, Schema, Table, View
from migrasafe.sql.deparse import expression_sql, with_column_renamed
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import (
    Action,
    ConstraintKind,
    DropConstraint,
    DropDefault,
    Expression,
    IndexElement,
    SetDefault,
)

_KEYS = {ConstraintKind.UNIQUE: "UNIQUE", ConstraintKind.PRIMARY_KEY: "PRIMARY KEY"}


class Copies(Struct, frozen=True, kw_only=True):
    """Statements, by when they are run."""

    constraints: tuple[str, ...] = ()
    """CHECKs, NOT VALID."""
    validations: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    """Concurrent builds."""
    before: tuple[str, ...] = ()
    """Just before the columns change their names."""
    after: tuple[str, ...] = ()
    """Just after."""
    last: tuple[str, ...] = ()
    """When the old column is gone, and its names are free."""


class _UnmovableError(Exception):
    """Something that we cannot make again for another column."""


def copies_of(
    schema: Schema, table: Table, column: Column, new: str, on: str, *, replaced: Sequence[Action] = ()
) -> Copies | None:
    """None where something hangs on the column that cannot be moved. `new` is the other column's name, `on` the table;
    `replaced` are actions after which its default or some of its constraints are others."""
    if any(isinstance(one, (SetDefault, DropDefault)) and one.column == column.name for one in replaced):
        column = replace(column, default=None)
    dropped = {one.name for one in replaced if isinstance(one, DropConstraint)}
    table = replace(table, constraints=tuple([one for one in table.constraints if one.name not in dropped]))
    try:
        return _Copier(schema, table, column, new, on).copies()
    except _UnmovableError:
        return None


class _Copier:
    def __init__(self, schema: Schema, table: Table, column: Column, new: str, on: str) -> None:
        self._schema = schema
        self._table = table
        self._column = column
        self._new = new
        self._on = on
        self._made: set[str] = set()

    def copies(self) -> Copies:
        self._refuse_what_hangs_on_it()
        parts = [self._constraint(one) for one in self._table.constraints if self._column.name in one.columns]
        parts += [self._index(one) for one in self._indexes()]
        owned = [
            f"ALTER SEQUENCE {sql_name(ref)} OWNED BY {self._on}.{quote_ident(self._column.name)}"
            for ref in self._sequences()
        ]
        return Copies(
            constraints=tuple(one for part in parts for one in part.constraints),
            validations=tuple(one for part in parts for one in part.validations),
            indexes=tuple(one for part in parts for one in part.indexes),
            before=tuple(one for part in parts for one in part.before),
            after=(*self._default(), *owned, *(one for part in parts for one in part.after)),
            last=tuple(one for part in parts for one in part.last),
        )

    def _refuse_what_hangs_on_it(self) -> None:
        """Views, foreign keys from elsewhere, partitions, policies, triggers, generated columns, sequences of its own."""
        name, table = self._column.name, self._table
        if self._column.identity is not None or self._column.generated is not None or not table.complete:
            raise _UnmovableError
        if table.partition_by is not None or table.partition_of is not None or table.inherits or table.children:
            raise _UnmovableError
        if any(name in policy.reads for policy in table.policies):
            raise _UnmovableError
        if any(name in trigger.reads or name in trigger.columns for trigger in table.triggers):
            raise _UnmovableError
        if any(one.generated is not None and name in columns_read(one.generated) for one in table.columns):
            raise _UnmovableError
        for ref in self._schema.dependents_of(table.ref):
            dependent = self._schema.relation(ref)
            if isinstance(dependent, View) and (
                not dependent.complete or ColumnRef(table.ref, name) in dependent.reads
            ):
                raise _UnmovableError
            if isinstance(dependent, Table) and any(
                one.target == table.ref and name in one.target_columns for one in dependent.constraints
            ):
                raise _UnmovableError

    def _free(self, name: str) -> str:
        """A name for the copy of a constraint or an index."""

        def is_taken(wanted: str) -> bool:
            known = self._schema.relation(Ref(self._table.ref.schema, wanted)) or self._table.constraint(wanted)
            return known is not None or wanted in self._made

        free = first_free(name, None, "new", is_taken)
        self._made.add(free)
        return free

    def _default(self) -> Iterator[str]:
        if self._column.default is not None:
            name = quote_ident(self._column.name)
            yield f"ALTER TABLE {self._on} ALTER COLUMN {name} SET DEFAULT {_spelled(self._column.default)}"

    def _sequences(self) -> Iterator[Ref]:
        """Those that would go with the column."""
        for ref in self._schema.dependents_of(self._table.ref):
            sequence = self._schema.relation(ref)
            if isinstance(sequence, objects.Sequence) and sequence.owned_by == ColumnRef(
                self._table.ref, self._column.name
            ):
                yield ref

    def _constraint(self, one: Constraint) -> Copies:
        if one.kind is ConstraintKind.NOT_NULL:
            return Copies()
        made, name = quote_ident(self._free(one.name)), quote_ident(one.name)
        if one.kind is ConstraintKind.CHECK and one.expression is not None:
            check = _spelled(with_column_renamed(one.expression, self._column.name, self._new))
            return Copies(
                constraints=(f"ALTER TABLE {self._on} ADD CONSTRAINT {made} CHECK ({check}) NOT VALID",),
                validations=(f"ALTER TABLE {self._on} VALIDATE CONSTRAINT {made}",),
                before=(f"ALTER TABLE {self._on} DROP CONSTRAINT {name}",),
                after=(f"ALTER TABLE {self._on} RENAME CONSTRAINT {made} TO {name}",),
            )
        foreign_key = foreign_key_sql(one, (self._column.name, self._new))
        if foreign_key is not None:
            return Copies(
                constraints=(f"ALTER TABLE {self._on} ADD CONSTRAINT {made} {foreign_key} NOT VALID",),
                validations=(f"ALTER TABLE {self._on} VALIDATE CONSTRAINT {made}",),
                before=(f"ALTER TABLE {self._on} DROP CONSTRAINT {name}",),
                after=(f"ALTER TABLE {self._on} RENAME CONSTRAINT {made} TO {name}",),
            )
        if one.kind in _KEYS and not one.deferrable:
            if any(
                isinstance(table := self._schema.relation(ref), Table)
                and any(
                    key.target == self._table.ref and key.target_columns == one.columns for key in table.constraints
                )
                for ref in self._schema.dependents_of(self._table.ref)
            ):
                raise _UnmovableError
            columns = ", ".join(quote_ident(self._new if c == self._column.name else c) for c in one.columns)
            return Copies(
                indexes=(f"CREATE UNIQUE INDEX CONCURRENTLY {made} ON {self._on} ({columns})",),
                before=(f"ALTER TABLE {self._on} DROP CONSTRAINT {name}",),
                after=(f"ALTER TABLE {self._on} ADD CONSTRAINT {name} {_KEYS[one.kind]} USING INDEX {made}",),
            )
        raise _UnmovableError

    def _indexes(self) -> Iterator[Index]:
        for index in self._schema.indexes_of(self._table):
            if self._column.name in index.reads and index.constraint is None:
                yield index

    def _index(self, index: Index) -> Copies:
        made, name = quote_ident(self._free(index.ref.name)), quote_ident(index.ref.name)
        unique = "UNIQUE " if index.unique else ""
        include = (
            f" INCLUDE ({', '.join(quote_ident(self._renamed(c)) for c in index.include)})" if index.include else ""
        )
        rest = " NULLS NOT DISTINCT" if index.nulls_not_distinct else ""
        rest += f" WITH ({settings(index.options)})" if index.options else ""
        rest += f" TABLESPACE {quote_ident(index.tablespace)}" if index.tablespace else ""
        predicate = index.predicate and with_column_renamed(index.predicate, self._column.name, self._new)
        where = f" WHERE {_spelled(predicate)}" if predicate is not None else ""
        method = f"USING {index.method} " if index.method != "btree" else ""
        keys = index_elements(replace(index, elements=tuple(self._element(one) for one in index.elements)))
        return Copies(
            indexes=(f"CREATE {unique}INDEX CONCURRENTLY {made} ON {self._on} {method}({keys}){include}{rest}{where}",),
            last=(f"ALTER INDEX {made} RENAME TO {name}",),
        )

    def _element(self, element: IndexElement) -> IndexElement:
        if element.column is not None:
            return replace(element, column=self._renamed(element.column))
        assert element.expression is not None
        _spelled(element.expression)  # what cannot be written as SQL cannot be copied
        return replace(element, expression=with_column_renamed(element.expression, self._column.name, self._new))

    def _renamed(self, column: str) -> str:
        return self._new if column == self._column.name else column


def _spelled(expression: Expression) -> str:
    spelled = expression_sql(expression)
    if spelled is None:
        raise _UnmovableError
    return spelled
