"""Statements that say a name which only the old version knows: pg_stat_statements counts them, also those that only read.

A count that stood still between two askings of `migrasafe gate` says that nobody sends them any more.
https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.plan.templates import sql_template
from migrasafe.plan.written_name import written_name
from migrasafe.quantities import say_seconds
from migrasafe.schema.model import ColumnRef, Ref
from migrasafe.sql.quote import quote_literal

_ANSWERS = Ref("migrasafe", "plan_gate")


def watching_statements(draft: Draft, ground: Ground, quiet_seconds: float) -> Draft:
    """The plan, with a gate before the contract phase that holds once statements with the old names have not run for so long.

    Raises NoPlanError where no name goes.
    """
    if not draft.names_gone or all(phase.name is not PhaseName.CONTRACT for phase in draft.phases):
        raise NoPlanError(
            "--count-old-statements: no name goes with this change, so nothing tells statements of the old version from others:"
            " leave it out"
        )
    gate = _gate(ground.id, draft.names_gone, quiet_seconds)
    phases = [
        replace(phase, gates=(*phase.gates, gate)) if phase.name is PhaseName.CONTRACT else phase
        for phase in draft.phases
    ]
    first = phases[0]
    if first.name is not PhaseName.EXPAND:
        first = Phase(
            name=PhaseName.EXPAND,
            title="Room for what gates answer",
            old_app="goes on as before",
            new_app="is not deployed yet",
        )
        phases.insert(0, first)
    phases[0] = replace(first, steps=(*first.steps, _room()))
    said = "pg_stat_statements has to be in shared_preload_libraries, and made in this database: CREATE EXTENSION"
    return replace(draft, phases=tuple(phases), by_hand=(*draft.by_hand, f"{said} pg_stat_statements"))


def _room() -> Step:
    """The table in which `migrasafe gate` keeps answers: the gate's query reads it."""
    statements = [one.strip() for one in sql_template("record_gate.sql").split(";\n") if one.strip()]
    return Step(
        title="Make room for what gates answer",
        statements=tuple(one.removesuffix(";") for one in statements),
        done=predicates.all_of(
            f"{predicates.relation(_ANSWERS)} IS NOT NULL", predicates.column_exists(_ANSWERS, "why")
        ),
        stays="the table migrasafe.plan_gate, with what was answered",
    )


def _gate(plan: str, gone: Sequence[ColumnRef], quiet_seconds: float) -> Gate:
    names = [f"{one.relation.name}.{one.column}" if one.column else one.relation.name for one in gone]
    said = " OR ".join(f"({_says(one)})" for one in gone)
    seconds = f"{quiet_seconds:g}"
    how_long = say_seconds(quiet_seconds)
    return Gate(
        id="old-statements-silent",
        question=f"Has no statement run for {how_long} that says {', '.join(names)}?",
        query=(
            "SELECT CASE WHEN EXISTS (SELECT FROM migrasafe.plan_gate AS before WHERE before.plan ="
            f" {quote_literal(plan)} AND before.gate = 'old-statements-silent' AND before.answer = now.said"
            f" AND before.asked_at <= pg_catalog.clock_timestamp() - interval '{seconds} seconds')"
            " THEN 'silent' ELSE now.said END FROM (SELECT coalesce(sum(calls), 0) || ' calls so far' AS said"
            " FROM pg_stat_statements AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid"
            f" WHERE d.datname = pg_catalog.current_database() AND ({said})) AS now"
        ),
        expected="silent",
        otherwise=f"Ask with `migrasafe gate` once the old version has ended, and again {how_long} later: it holds when the count has"
        " stood still meanwhile.",
    )


def _says(one: ColumnRef) -> str:
    # Not by position in the text: a statement may say the column before or after the table.
    words = [one.relation.name, *([one.column] if one.column else [])]
    return " AND ".join(f"s.query ~ {quote_literal(written_name(word))}" for word in words)
