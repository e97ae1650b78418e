"""The odometer: counts what the old version still writes, so that a gate can tell when it has stopped.

It costs a writer some microseconds and makes nobody wait: sequences are no rows. What is only read is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft
from migrasafe.plan.dual_write.triggers import SCHEMA, DualWrite, differs, row_of, words_of
from migrasafe.plan.model import Gate, Step
from migrasafe.plan.templates import filled
from migrasafe.quantities import say_seconds
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression

GATE = "old-version-silent"


class Odometer(Struct, frozen=True, kw_only=True):
    dual: DualWrite
    defaults: Mapping[str, Expression]
    """Of the old columns: a new row that has them says nothing about who wrote it."""
    quiet_seconds: float
    """How long nobody may have written the old columns before the contract phase."""

    @property
    def count(self) -> Ref:
        return Ref(SCHEMA, f"{self.dual.id}_old_writes")

    @property
    def last(self) -> Ref:
        """Its value is the second of the last write."""
        return Ref(SCHEMA, f"{self.dual.id}_last_old_write")

    @property
    def trigger(self) -> str:
        """Sorts after the table's own triggers, and before `~migrasafe_…`."""
        return f"~count_migrasafe_{self.dual.id}"


def begin(odometer: Odometer) -> Step:
    sequences = [name_of(odometer.count), name_of(odometer.last)]
    return Step(
        title="Count what the old version writes",
        statements=(
            *(f"CREATE SEQUENCE IF NOT EXISTS {sequence} MINVALUE 0 START WITH 0" for sequence in sequences),
            filled("odometer_starts.sql", last=quote_literal(name_of(odometer.last))).strip(),
            *_create(odometer),
        ),
        done=predicates.trigger_exists(odometer.dual.table, odometer.trigger),
        undo=(*_drop(odometer), *(f"DROP SEQUENCE {sequence}" for sequence in sequences)),
    )


def until(odometer: Odometer | None, soft_drop: Step) -> Step:
    """The step that takes the old columns out of sight, which ends the counting."""
    if odometer is None:
        return soft_drop
    return replace(
        soft_drop,
        statements=(*_drop(odometer), *soft_drop.statements),
        undo=(*soft_drop.undo, *_create(odometer)),
    )


def no_more(odometer: Odometer | None, hard_drop: Step) -> Step:
    """The step that drops the old columns, and what was counted."""
    if odometer is None:
        return hard_drop
    drops = (f"DROP SEQUENCE {name_of(sequence)}" for sequence in (odometer.count, odometer.last))
    return replace(hard_drop, statements=(*hard_drop.statements, *drops))


def silent(odometer: Odometer) -> Gate:
    count, last = name_of(odometer.count), name_of(odometer.last)
    seconds = f"{odometer.quiet_seconds:g}"
    listed = ", ".join(one.column for one in odometer.dual.old)
    return Gate(
        id=GATE,
        question=f"Has nobody written {listed} for {say_seconds(odometer.quiet_seconds)}?",
        query=(
            "SELECT CASE WHEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) - last.last_value"
            f" >= {seconds} THEN 'silent' ELSE pg_catalog.format('%s writes, the last at %s',"
            " count.last_value + count.is_called::int, pg_catalog.to_timestamp(last.last_value)) END"
            f" FROM {count} AS count, {last} AS last"
        ),
        expected="silent",
        otherwise="Find the instances of the old version that still run; a trigger of your own that changes it counts as well.",
    )


def is_counted(draft: Draft) -> bool:
    """Whether a plan counts what the old version writes."""
    return any(gate.id.startswith(GATE) for phase in draft.phases for gate in phase.gates)


def _create(odometer: Odometer) -> tuple[str, ...]:
    dual, function = odometer.dual, _function(odometer)
    given = []
    for one in dual.old:
        default = odometer.defaults.get(one.column)
        value = f"({deparse_expression(default)})::{one.type}" if default is not None else f"NULL::{one.type}"
        given.append(value)
    words = {
        **words_of(dual),
        "function": function,
        "old_is_given": differs(row_of(f"NEW.{quote_ident(one.column)}" for one in dual.old), row_of(given)),
        "count_name": quote_literal(name_of(odometer.count)),
        "last_name": quote_literal(name_of(odometer.last)),
        "last": name_of(odometer.last),
    }
    return (
        filled("count_old_writes.sql", **words).strip(),
        f"CREATE TRIGGER {quote_ident(odometer.trigger)} BEFORE INSERT OR UPDATE ON {name_of(dual.table)}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()",
    )


def _drop(odometer: Odometer) -> tuple[str, ...]:
    return (
        f"DROP TRIGGER {quote_ident(odometer.trigger)} ON {name_of(odometer.dual.table)}",
        f"DROP FUNCTION {_function(odometer)}()",
    )


def _function(odometer: Odometer) -> str:
    return f"{SCHEMA}.{quote_ident(odometer.dual.id + '_count')}"
