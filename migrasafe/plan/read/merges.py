"""`-- migrasafe: merge profiles -> users`: the statements of a migration that belong to it, as one change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.plan.changes.merge_tables import MergeTables
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.names_said import SAID, listed, name_parts
from migrasafe.plan.read.recipes import Recipe
from migrasafe.quantities import say_count
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, Statement

_MERGE = re.compile(
    rf"migrasafe:\s*merge\s+(?P<old>{SAID})\s*(?:\((?P<olds>{SAID})?\))?\s*->"
    rf"\s*(?P<new>{SAID})\s*(?:\((?P<news>{SAID})?\))?\s*(?:\*/)?$",
    re.IGNORECASE | re.MULTILINE,
)


def merges(script: Script) -> Iterator[Recipe]:
    """Every table that a comment says another takes in. Raises NoPlanError for one that the migration does not carry out."""
    for comment in script.comments:
        found = _MERGE.search(script.text_of(comment))
        if found is None:
            continue
        try:
            old, new = (_table(found[side]) for side in ("old", "new"))
            olds, news = (_columns(found[side]) for side in ("olds", "news"))
        except ValueError as error:
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` is said so: migrasafe: merge TABLE [(COLUMN, …)] -> TABLE [(COLUMN, …)]"
            ) from error
        if olds and news and len(olds) != len(news):
            raise NoPlanError(
                f"{script.source.path}: `{found[0]}` names {say_count(len(olds), 'column')}, and {len(news)} for them"
            )
        yield _carried_out(script, found[0], old, new, olds, news or olds)


def _carried_out(
    script: Script, said: str, old: Name, new: Name, olds: tuple[str, ...], news: tuple[str, ...]
) -> Recipe:
    added: dict[str, sql.AddColumn] = {}
    parts: list[object] = []
    first: Statement | None = None
    dropped: Statement | None = None
    for statement in script.statements:
        if isinstance(statement, sql.AlterTable) and statement.name.name == new.name:
            for action in statement.actions:
                if isinstance(action, sql.AddColumn) and (not news or action.column.name in news):
                    added[action.column.name] = action
                    first = first or statement
        elif isinstance(statement, sql.Update) and statement.table.name == new.name:
            parts.append(statement)
        elif (
            isinstance(statement, sql.Drop)
            and statement.kind == "TABLE"
            and any(one.name.name == old.name for one in statement.objects)
        ):
            dropped = statement
    if dropped is None or first is None or (news and set(added) != set(news)):
        raise NoPlanError(
            f"{script.source.path}: the comment `{said}` needs an ALTER TABLE {new} that adds the columns of {old}, and a DROP TABLE"
            f" {old} behind it"
        )
    pairs = zip(olds or added, news or added, strict=True)
    change = MergeTables(old_table=old, new_table=new, columns=tuple((was, added[now].column) for was, now in pairs))
    return Recipe(change=change, first=first, parts=(*added.values(), *parts, dropped))


def _table(text: str) -> Name:
    parts = name_parts(text)
    if len(parts) > 2:
        raise ValueError(text)
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])


def _columns(text: str | None) -> tuple[str, ...]:
    return tuple(name_parts(part)[-1] for part in listed(text)) if text else ()
