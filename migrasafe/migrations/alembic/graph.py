"""The revision graph, read from the text of the files: nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from migrasafe.errors import InputError
from migrasafe.sql.source import Source

_VARIABLES = frozenset({"revision", "down_revision", "depends_on", "branch_labels"})


class Revision(Struct, frozen=True, kw_only=True):
    """What one revision file says about itself."""

    id: str
    path: str
    line: int
    """Of `revision = …`."""
    down: tuple[str, ...] = ()
    """Revisions it follows: none for a base, several for a merge."""
    depends_on: tuple[str, ...] = ()
    """Revision ids or branch labels that must have run before."""
    labels: tuple[str, ...] = ()
    title: str = ""
    """The first line of its docstring."""
    upgrade_line: int = 1
    """Where `upgrade()` is defined: for what cannot be blamed on a line of its own."""
    operations: frozenset[str] = frozenset()
    """The names after `op.`."""


def read_revision(source: Source) -> Revision | None:
    """What a file says about itself; None for a Python file that is not a revision.

    Raises InputError for one that Python cannot read, or whose variables are not plain values.
    """
    try:
        module = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = getattr(error, "msg", None) or str(error)
        raise InputError(
            f"{source.path}:{line}: Python {_python()} cannot read this revision: {reason}; correct the file, or run"
            " migrasafe with the Python that runs your migrations"
        ) from error
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    upgrade_line = 1
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
            upgrade_line = node.lineno
        for name, value in _assignments(node):
            values[name] = _constant(value, values, name, source.path)
            lines[name] = node.lineno
    if values.get("revision") is None or ("down_revision" not in values and upgrade_line == 1):
        return None
    documentation = (ast.get_docstring(module) or "").strip()
    return Revision(
        id=_one(values["revision"], source.path, lines["revision"]),
        path=source.path,
        line=lines["revision"],
        down=_several(values.get("down_revision"), "down_revision", source.path, lines.get("down_revision", 1)),
        depends_on=_several(values.get("depends_on"), "depends_on", source.path, lines.get("depends_on", 1)),
        labels=_several(values.get("branch_labels"), "branch_labels", source.path, lines.get("branch_labels", 1)),
        title=documentation.split("\n", 1)[0],
        upgrade_line=upgrade_line,
        operations=frozenset(
            node.attr
            for node in ast.walk(module)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "op"
        ),
    )


def in_order(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """The revisions so that each comes after all that it follows or depends on, branches kept together.

    Raises InputError that names the files, for ids given twice or referred to but missing, and for cycles.
    """
    known = _by_id(revisions)
    named = {**{label: revision for revision in revisions for label in revision.labels}, **known}
    _refuse_unknown(revisions, known, named)
    before = {
        revision.id: tuple(
            dict.fromkeys((*revision.down, *(_dependency(named, name).id for name in revision.depends_on)))
        )
        for revision in revisions
    }
    followed = {down for revision in revisions for down in revision.down}
    heads = sorted((one for one in revisions if one.id not in followed), key=lambda one: one.path)
    ordered: dict[str, Revision] = {}
    for head in (*heads, *revisions):
        _visit(head.id, before, known, ordered)
    return tuple(ordered.values())


def heads(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """The revisions that no other one follows."""
    every = tuple(revisions)
    followed = {down for revision in every for down in revision.down}
    return tuple(revision for revision in every if revision.id not in followed)


def _visit(
    start: str, before: Mapping[str, tuple[str, ...]], known: Mapping[str, Revision], ordered: dict[str, Revision]
) -> None:
    """Add a revision after all before it. Histories of thousands are deeper than Python recurses."""
    if start in ordered:
        return
    open_ones: dict[str, list[str]] = {start: list(before[start])}
    while open_ones:
        current = next(reversed(open_ones))
        waiting = open_ones[current]
        while waiting and waiting[0] in ordered:
            waiting.pop(0)
        if not waiting:
            del open_ones[current]
            ordered[current] = known[current]
        elif waiting[0] in open_ones:
            path = list(open_ones)
            cycle = [known[one] for one in path[path.index(waiting[0]) :]]
            files = ", ".join(f"{one.path}:{one.line} ({one.id})" for one in cycle)
            raise InputError(f"these revisions follow each other in a circle: {files}; correct one down_revision")
        else:
            open_ones[waiting[0]] = list(before[waiting[0]])


def _by_id(revisions: Sequence[Revision]) -> dict[str, Revision]:
    known: dict[str, Revision] = {}
    for revision in revisions:
        other = known.setdefault(revision.id, revision)
        if other is not revision:
            raise InputError(
                f"revision {revision.id} is given twice, in {other.path}:{other.line} and in"
                f" {revision.path}:{revision.line}: give one of them another id"
            )
    return known


def _refuse_unknown(
    revisions: Sequence[Revision], known: Mapping[str, Revision], named: Mapping[str, Revision]
) -> None:
    missing = [
        f"{revision.path}:{revision.line} follows {down}"
        for revision in revisions
        for down in revision.down
        if down not in known
    ]
    missing += [
        f"{revision.path}:{revision.line} depends on {name}"
        for revision in revisions
        for name in revision.depends_on
        if _match(named, name) is None
    ]
    if missing:
        shown = "; ".join(missing[:5]) + (f"; and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise InputError(f"revisions are missing: {shown}, which is in no file: give the folder that holds all of them")


def _dependency(named: Mapping[str, Revision], name: str) -> Revision:
    found = _match(named, name)
    if found is None:
        raise InputError(f"depends_on names {name}, which is in no file")
    return found


def _match(named: Mapping[str, Revision], name: str) -> Revision | None:
    """By id or label as Alembic does: `label@id`, `label@head` and the unique beginning of an id are allowed."""
    wanted = name.rpartition("@")[2] or name
    if wanted in named:
        return named[wanted]
    if wanted in ("head", "heads", "base"):
        return named.get(name.partition("@")[0])
    begins = [revision for key, revision in named.items() if len(wanted) > 3 and key.startswith(wanted)]
    return begins[0] if len(begins) == 1 else None


def _assignments(node: ast.stmt) -> Iterable[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    yield from (
                        (name.id, one)
                        for name, one in zip(target.elts, value.elts, strict=False)
                        if isinstance(name, ast.Name)
                    )
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def _constant(node: ast.expr, values: Mapping[str, Any], name: str, path: str) -> Any:
    """A literal, or a name that was given one before; only for Alembic's own variables must it be one."""
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        if name in _VARIABLES:
            raise InputError(
                f"{path}:{node.lineno}: {name} is computed, so the order of the revisions cannot be read: write it as a"
                " plain string"
            ) from error
        return None


def _one(value: Any, path: str, line: int) -> str:
    if isinstance(value, str) and value:
        return value
    raise InputError(f"{path}:{line}: revision is not a string: write it in quotes")


def _several(value: Any, name: str, path: str, line: int) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple | list | set | frozenset) and all(isinstance(one, str) for one in value):
        return tuple(value) if not isinstance(value, set | frozenset) else tuple(sorted(value))
    raise InputError(f"{path}:{line}: {name} is neither a string nor several: write it in quotes, or as None")


def _python() -> str:
    import sys

    return f"{sys.version_info.major}.{sys.version_info.minor}"
