"""Where a plan's migrations go: what the team's folder holds already, in the words of its tool."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from migrasafe.errors import InputError, RenderError
from migrasafe.plan.model import Plan
from migrasafe.plan.output.model import Output, Place


def outputs_of(
    plan: Plan, tools: Sequence[str], folder: str | None, *, near: Sequence[Path], replaces: Path | None, now: datetime
) -> tuple[Output, ...]:
    """The plan's migrations for each tool, behind those of `folder` (None: of the first of `near` that is the tool's).

    `replaces`: the migration that the plan takes the place of. Raises InputError.
    """
    from migrasafe.plan.output import load_writer
    from migrasafe.plan.output.pieces import pieces_of

    pieces = pieces_of(plan)
    found = []
    for tool in dict.fromkeys(tools):
        last, app = _last(tool, folder, near, replaces)
        place = Place(plan=plan.id, title=plan.title, now=now, last=last, app=app)
        found.append(load_writer(tool)(pieces, place))
    return tuple(found)


def _last(tool: str, folder: str | None, near: Sequence[Path], replaces: Path | None) -> tuple[str | None, str | None]:
    """The version that the new ones follow, and Django's app."""
    if folder is not None and not Path(folder).is_dir():
        raise InputError(f"--migrations {folder}: there is no such folder")
    if tool == "django":
        place = Path(folder) if folder is not None else next((one for one in near if _is_django(one)), None)
        return (None, None) if place is None else (_last_of_django(place, replaces), _app(place))
    places = [Path(folder)] if folder is not None else [one for one in near if _layout(one) == tool]
    if not places or not any(places[0].rglob("*.sql" if tool != "alembic" else "*.py")):
        return None, None
    if tool == "alembic":
        return _head(places[0], replaces), None
    return _last_of_files(tool, places[0], replaces), None


def _layout(folder: Path) -> str | None:
    """The tool that a folder belongs to; None for a folder that says nothing, or several things."""
    from migrasafe.migrations.read import read_history

    try:
        histories = read_history((str(folder),))
    except (InputError, RenderError):
        return None
    return histories[0].layout if len(histories) == 1 else None


def _last_of_files(tool: str, folder: Path, replaces: Path | None) -> str | None:
    from migrasafe.migrations.read import read_history

    migrations = [
        migration
        for history in read_history((str(folder),), layout=tool)
        for migration in history.migrations
        if not migration.repeatable and Path(migration.path).resolve() != replaces
    ]
    if not migrations:
        return None
    match = re.match(r"\d+(?:\.\d+)*", migrations[-1].id)
    return match[0] if match else migrations[-1].id


def _head(folder: Path, replaces: Path | None) -> str | None:
    """The one revision that no other follows, that of `replaces` left out."""
    from migrasafe.migrations.alembic.project import project_at
    from migrasafe.migrations.alembic.read import revisions_of

    revisions = [one for one in revisions_of(project_at(folder))[0] if Path(one.path).resolve() != replaces]
    followed = {down for one in revisions for down in one.down}
    heads = [one.id for one in revisions if one.id not in followed]
    if len(heads) > 1:
        raise InputError(
            f"--migrations {folder}: has the heads {', '.join(heads)}: merge them first (alembic merge heads)"
        )
    return heads[0] if heads else None


def _is_django(folder: Path) -> bool:
    return folder.is_dir() and any("django" in file.read_text("utf-8", "replace") for file in folder.glob("0001_*.py"))


def _last_of_django(folder: Path, replaces: Path | None) -> str | None:
    """The one migration of the app that no other depends on."""
    app = _app(folder)
    files = [file for file in sorted(folder.glob("*.py")) if file.stem != "__init__" and file.resolve() != replaces]
    needed = {name for file in files for label, name in _dependencies(file) if label == app}
    last = [file.stem for file in files if file.stem not in needed]
    if len(last) > 1:
        raise InputError(
            f"--migrations {folder}: {' and '.join(last)} both come last: merge them first (makemigrations --merge)"
        )
    return last[0] if last else None


def _dependencies(file: Path) -> Iterator[tuple[str, str]]:
    try:
        module = ast.parse(file.read_text("utf-8"))
    except (SyntaxError, ValueError) as error:
        line, reason = getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or str(error)
        raise InputError(f"{file}:{line}: Python cannot read this migration: {reason}") from error
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "dependencies" for one in node.targets
        ):
            for pair in getattr(node.value, "elts", ()):
                values = [one.value for one in getattr(pair, "elts", ()) if isinstance(one, ast.Constant)]
                if len(values) == 2:
                    yield str(values[0]), str(values[1])


def _app(folder: Path) -> str:
    """The label of the app: what its apps.py says, else the name of its folder."""
    above = folder.resolve().parent
    config = above / "apps.py"
    if config.is_file():
        said = re.search(r"""(?m)^\s*label\s*=\s*["'](\w+)["']""", config.read_text("utf-8", "replace"))
        if said:
            return said[1]
    return above.name
