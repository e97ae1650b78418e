"""The table's own triggers that name a column in UPDATE OF or WHEN: made over the one that takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Beside, WrittenTrigger
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.deparse import deparse, renamed
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.quote import quote_ident, quote_literal

_ROWS = frozenset({"old", "new"})
_STATES = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def triggers_that_name(beside: Beside | None, column: str) -> tuple[WrittenTrigger, ...]:
    return tuple(one for one in (beside.triggers if beside is not None else ()) if _names(one, column))


def made_again(table: Ref, trigger: WrittenTrigger, columns: Mapping[str, Sequence[str]] = {}) -> tuple[str, ...]:
    """The trigger dropped and created. `columns`: what is said in UPDATE OF for each, of which the last is read in WHEN."""
    quoted, on = quote_ident(trigger.name), name_of(table)
    told = [f"DROP TRIGGER {quoted} ON {on}", _over(trigger, columns)]
    if trigger.enabled in _STATES:
        told.append(f"ALTER TABLE {on} {_STATES[trigger.enabled]} TRIGGER {quoted}")
    if trigger.comment is not None:
        told.append(f"COMMENT ON TRIGGER {quoted} ON {on} IS {quote_literal(trigger.comment)}")
    return tuple(told)


def widened(table: Ref, beside: Beside | None, old: str, new: str) -> Iterator[Step]:
    """While both columns are written: UPDATE OF the old one does not fire for a write to the new one."""
    for trigger in triggers_that_name(beside, old):
        if old in _update_of(trigger):
            yield Step(
                title=f"Let the trigger {trigger.name} fire for {new} as well",
                statements=_both(table, trigger, old, new),
                done=_depends(table, trigger, new),
                undo=made_again(table, trigger),
            )


def narrowed(table: Ref, beside: Beside | None, old: str, new: str) -> Iterator[Step]:
    """When nobody writes the old column any more."""
    for trigger in triggers_that_name(beside, old):
        before = _both(table, trigger, old, new) if old in _update_of(trigger) else made_again(table, trigger)
        yield Step(
            title=f"Let the trigger {trigger.name} read {new} alone",
            statements=made_again(table, trigger, {old: (new,)}),
            done=f"{_depends(table, trigger, new)} AND NOT {_depends(table, trigger, old)}",
            undo=before,
        )


def widened_over(table: Ref, beside: Beside | None, olds: Sequence[str], news: Sequence[str]) -> Iterator[Step]:
    """Likewise, where several columns take the place of several."""
    for trigger in _update_of_any(beside, olds):
        yield Step(
            title=f"Let the trigger {trigger.name} fire for {', '.join(news)} as well",
            statements=made_again(table, trigger, {old: (*news, old) for old in olds}),
            done=_depends(table, trigger, news[0]),
            undo=made_again(table, trigger),
        )


def narrowed_over(table: Ref, beside: Beside | None, olds: Sequence[str], news: Sequence[str]) -> Iterator[Step]:
    """Likewise; a WHEN that reads an old column is for a person to say anew."""
    for trigger in _update_of_any(beside, olds):
        if not reads_when(trigger) & set(olds):
            gone = " AND ".join(f"NOT {_depends(table, trigger, old)}" for old in olds)
            yield Step(
                title=f"Let the trigger {trigger.name} fire for {', '.join(news)} alone",
                statements=made_again(table, trigger, {old: tuple(news) for old in olds}),
                done=f"{_depends(table, trigger, news[0])} AND {gone}",
                undo=made_again(table, trigger, {old: (*news, old) for old in olds}),
            )


def reads_when(trigger: WrittenTrigger) -> frozenset[str]:
    """The columns that its WHEN reads."""
    fields = _tree(trigger)["CreateTrigStmt"]
    paths = [
        names_of(inner.get("fields", [])) for kind, inner in walk(fields.get("whenClause", {})) if kind == "ColumnRef"
    ]
    return frozenset(path[-1] for path in paths if path)


def _update_of_any(beside: Beside | None, olds: Sequence[str]) -> Iterator[WrittenTrigger]:
    for trigger in beside.triggers if beside is not None else ():
        if set(olds) & set(_update_of(trigger)):
            yield trigger


def _both(table: Ref, trigger: WrittenTrigger, old: str, new: str) -> tuple[str, ...]:
    return made_again(table, trigger, {old: (new, old)})


def _over(trigger: WrittenTrigger, columns: Mapping[str, Sequence[str]]) -> str:
    if not columns:
        return trigger.sql
    tree = _tree(trigger)
    fields = dict(tree["CreateTrigStmt"])
    said = [name for column in names_of(fields.get("columns", [])) for name in columns.get(column, (column,))]
    if said:
        fields["columns"] = [{"String": {"sval": name}} for name in dict.fromkeys(said)]
    if "whenClause" in fields:
        last = {column: names[-1] for column, names in columns.items()}
        fields["whenClause"] = renamed(fields["whenClause"], last, _ROWS)
    return deparse({"CreateTrigStmt": fields})


def _names(trigger: WrittenTrigger, column: str) -> bool:
    return column in _update_of(trigger) or column in reads_when(trigger)


def _update_of(trigger: WrittenTrigger) -> tuple[str, ...]:
    return names_of(_tree(trigger)["CreateTrigStmt"].get("columns", []))


def _tree(trigger: WrittenTrigger) -> dict[str, Any]:
    from migrasafe.sql.libpg_query import parse

    tree: dict[str, Any] = parse(trigger.sql)[0]["stmt"]
    return tree


def _depends(table: Ref, trigger: WrittenTrigger, column: str) -> str:
    return (
        "EXISTS (SELECT FROM pg_depend d JOIN pg_trigger t ON t.oid = d.objid"
        " JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
        f" WHERE d.classid = 'pg_trigger'::regclass AND t.tgname = {quote_literal(trigger.name)}"
        f" AND t.tgrelid = {predicates.relation(table)} AND a.attname = {quote_literal(column)})"
    )
