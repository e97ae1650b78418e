"""Prints what a replay found: for people line by line, for programs as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from migrasafe.rehearse.migration.run import Outcome, State
from migrasafe.rehearse.migration.trace import Judged, Replayed
from migrasafe.sql.one_line import in_one_line

_SQL_SHOWN = 100
"""Characters of a statement."""


def summary(name: str, replayed: Sequence[Replayed]) -> str:
    """One line of figures about a project."""
    figures = _figures(replayed)
    ran, agreed = figures["ran"], figures["agreed"]
    share = f"{100 * agreed / ran:.2f} %" if ran else "-"
    return (
        f"{name}: {len(replayed)} migrations, {figures['statements']} statements;"
        f" {ran} ran, {agreed} agreed ({share}); failed {figures['failed']},"
        f" as predicted {figures['failed as predicted']}, skipped {figures['skipped']};"
        f" schema differs in {figures['schema differences']} places"
    )


def lines(replayed: Sequence[Replayed]) -> list[str]:
    """What disagrees, what failed, where the schema differs: a line each."""
    found: list[str] = []
    for migration in replayed:
        for judged in migration.statements:
            outcome = judged.outcome
            found.extend(
                f"{outcome.expected.place}: {one.about} {one.relation}: predicted {one.predicted},"
                f" observed {one.observed}: {_class(judged)}: {_shown(outcome)}"
                for one in judged.disagreements
            )
            if outcome.state in (State.FAILED, State.SKIPPED, State.FAILED_AS_PREDICTED):
                found.append(f"{outcome.expected.place}: {outcome.state.value}: {outcome.reason}: {_shown(outcome)}")
    found.extend(f"{place}: schema: {difference}" for place, difference in _schema_differences(replayed))
    return found


def as_json(name: str, replayed: Sequence[Replayed]) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        "project": name,
        "migrations": len(replayed),
        **{key.replace(" ", "_"): value for key, value in _figures(replayed).items()},
        "tables_without_rows": sorted({table for migration in replayed for table in migration.without_rows}),
        "disagreements": [
            {
                "place": judged.outcome.expected.place,
                "class": _class(judged),
                "about": one.about,
                "relation": one.relation,
                "predicted": one.predicted,
                "observed": one.observed,
                "sql": judged.outcome.expected.sql,
            }
            for migration in replayed
            for judged in migration.wrong
            for one in judged.disagreements
        ],
        "ran_without_rows": [
            {"place": judged.outcome.expected.place, "reason": judged.outcome.failed_with_rows}
            for migration in replayed
            for judged in migration.statements
            if judged.outcome.failed_with_rows
        ],
        "not_run": [
            {
                "place": judged.outcome.expected.place,
                "class": _class(judged),
                "state": judged.outcome.state.value,
                "reason": judged.outcome.reason,
                "sql": judged.outcome.expected.sql,
            }
            for migration in replayed
            for judged in migration.statements
            if judged.outcome.state is not State.RAN
        ],
        "schema": [{"place": place, "difference": difference} for place, difference in _schema_differences(replayed)],
    }


def _figures(replayed: Sequence[Replayed]) -> dict[str, int]:
    ran = sum(migration.count(State.RAN) for migration in replayed)
    return {
        "statements": sum(len(migration.statements) for migration in replayed),
        "ran": ran,
        "agreed": ran - sum(len(migration.wrong) for migration in replayed),
        **{
            state.value: sum(migration.count(state) for migration in replayed)
            for state in (State.FAILED, State.FAILED_AS_PREDICTED, State.SKIPPED)
        },
        "schema differences": sum(1 for _ in _schema_differences(replayed)),
    }


def _schema_differences(replayed: Sequence[Replayed]) -> Iterator[tuple[str, str]]:
    """Where each began, of those after single statements and of those that were there after the migration."""
    for migration in replayed:
        seen: set[str] = set()
        for judged in migration.statements:
            for difference in judged.schema_differences:
                seen.add(difference)
                yield judged.outcome.expected.place, difference
        for difference in migration.schema_differences:
            if difference not in seen:
                yield migration.path, difference


def _class(judged: Judged) -> str:
    return type(judged.outcome.expected.statement).__name__


def _shown(outcome: Outcome) -> str:
    return in_one_line(outcome.expected.sql, _SQL_SHOWN)
