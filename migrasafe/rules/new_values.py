"""What gives a new column its values without a rewrite: for new rows a default or a trigger, for old rows batches."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.effects.model import Cause
from migrasafe.rules.context import Step
from migrasafe.rules.wording import sql_name
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Domain, Ref
from migrasafe.sql.deparse import expression_sql
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import ColumnDef
from migrasafe.sql.written import WrittenColumn

_WITHOUT_SEQUENCE = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}


class NewColumn(Struct, frozen=True, kw_only=True):
    """A column that an ALTER TABLE adds."""

    step: Step
    table: Ref
    written: WrittenColumn
    column: ColumnDef
    causes: frozenset[Cause]
    """Of the work that adding it does."""

    @property
    def on(self) -> str:
        """Its table as SQL."""
        return self.step.table_name

    def alter(self, what: str) -> str:
        return f"ALTER TABLE {self.on} ALTER COLUMN {self.written.name} {what}"


class Values(Struct, frozen=True, kw_only=True):
    type: str | None = None
    """Another type for the column to begin with."""
    without: tuple[str, ...] = ()
    """Kinds of clauses that the column cannot begin with."""
    setup: tuple[str, ...] = ()
    """Right behind ADD COLUMN."""
    value: str = ""
    """What the rows there are get; empty: nothing."""
    not_null: bool = False
    """The column ends as NOT NULL, though no clause says so."""
    finish: tuple[str, ...] = ()
    """When it is filled, in one transaction."""
    last: tuple[str, ...] = ()
    """When nothing uses what filled it any more."""
    checks: tuple[str, ...] = ()
    """Constraints, as SQL, that `setup` adds NOT VALID."""


def values_of(new: NewColumn) -> Values:
    """How the column gets its values instead."""
    if Cause.SERIAL_COLUMN in new.causes:
        return _serial(new)
    if Cause.IDENTITY_COLUMN in new.causes:
        return _identity(new)
    if Cause.GENERATED_COLUMN in new.causes:
        return _generated(new)
    if Cause.CONSTRAINED_DOMAIN in new.causes:
        return _domain(new)
    if Cause.VOLATILE_DEFAULT in new.causes:
        written = new.written.clauses_of("default")
        if not written:
            return _default_of_domain(new)
        default = written[0].rest
        return Values(without=("default",), setup=(new.alter(f"SET DEFAULT {default}"),), value=default)
    return Values()


def _sequence(new: NewColumn, label: str) -> str:
    return sql_name(Ref(new.table.schema, object_name(new.table.name, new.column.name, label)))


def _serial(new: NewColumn) -> Values:
    assert new.column.type is not None
    type_name = _WITHOUT_SEQUENCE[new.column.type.name]
    sequence = _sequence(new, "seq")
    next_value = f"nextval({quote_literal(sequence)})"
    return Values(
        type=type_name,
        setup=(
            f"CREATE SEQUENCE {sequence} AS {type_name} OWNED BY {new.on}.{new.written.name}",
            new.alter(f"SET DEFAULT {next_value}"),
        ),
        value=next_value,
        not_null=True,
    )


def _identity(new: NewColumn) -> Values:
    """Numbers from a sequence of their own, and its place in them handed over at the end."""
    clause = next(iter(new.written.clauses_of("generated")))
    filling = _sequence(new, "fill_seq")
    next_value = f"nextval({quote_literal(filling)})"
    return Values(
        without=("generated",),
        setup=(f"CREATE SEQUENCE {filling}", new.alter(f"SET DEFAULT {next_value}")),
        value=next_value,
        not_null=True,
        finish=(
            f"ALTER TABLE {new.on} ALTER COLUMN {new.written.name} DROP DEFAULT, "
            f"ALTER COLUMN {new.written.name} ADD {clause.text}",
            f"SELECT setval(pg_get_serial_sequence({quote_literal(new.on)}, {quote_literal(new.column.name)}), {next_value})",
        ),
        last=(f"DROP SEQUENCE {filling}",),
    )


def _generated(new: NewColumn) -> Values:
    """A plain column that a trigger computes."""
    clause = next(iter(new.written.clauses_of("generated")))
    expression = clause.rest[clause.rest.index("(") + 1 : clause.rest.rindex(")")].strip()
    return Values(
        without=("generated",),
        setup=computed_by_trigger(new.table, new.on, new.column.name, expression),
        value=expression,
    )


def computed_by_trigger(table: Ref, on: str, column: str, expression: str) -> tuple[str, ...]:
    """The function and trigger that compute a column of new and changed rows; `on` is the table as SQL."""
    function = sql_name(Ref(table.schema, object_name(table.name, column, "compute")))
    trigger = quote_ident(object_name(table.name, column, "compute"))
    return (
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        "BEGIN\n"
        f"  NEW.{quote_ident(column)} := (SELECT {expression} FROM (SELECT NEW.*) AS {quote_ident(table.name)});\n"
        "  RETURN NEW;\n"
        "END $$",
        f"CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {on} FOR EACH ROW EXECUTE FUNCTION {function}()",
    )


def _domain(new: NewColumn) -> Values:
    """The type below the domain, and a constraint that asks the domain about every value."""
    domains = _domains(new)
    if not domains:
        return Values()
    check = quote_ident(object_name(new.table.name, new.column.name, "check"))
    name = new.written.name
    asked = f"{name} IS NULL OR CAST({name} AS {new.written.type}) IS NOT NULL"
    return Values(
        type=spell_type(domains[-1].type),
        setup=(f"ALTER TABLE {new.on} ADD CONSTRAINT {check} CHECK ({asked}) NOT VALID",),
        checks=(check,),
    )


def _default_of_domain(new: NewColumn) -> Values:
    """No default for the rows there are, and that of the domain again for new ones."""
    default = next((one.default for one in _domains(new) if one.default is not None), None)
    value = expression_sql(default) if default is not None else None
    if value is None:
        return Values()
    return Values(type=f"{new.written.type} DEFAULT NULL", setup=(new.alter("DROP DEFAULT"),), value=value)


def _domains(new: NewColumn) -> tuple[Domain, ...]:
    return tuple(new.step.situation.domains(new.column.type)) if new.column.type is not None else ()
