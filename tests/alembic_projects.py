"""What tests about Alembic share: projects made of the bodies of `upgrade()`, and histories in a form to compare."""

from __future__ import annotations

import textwrap
from pathlib import Path

from migrasafe.migrations.alembic.project import Project, project_at
from migrasafe.migrations.alembic.read import read_project
from migrasafe.migrations.model import History, Migration, Part

_HEAD = '''\
"""Revision {id}"""
import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "{id}"
down_revision = {down!r}


'''
FIRST_LINE = _HEAD.count("\n") + 2
"""Of the body of `upgrade()`."""


def write_revisions(folder: Path, *bodies: str) -> Project:
    """A chain of revisions `1`, `2` … in a folder of their own, from the bodies of their `upgrade()`."""
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(bodies, start=1):
        head = _HEAD.format(id=str(number), down=str(number - 1) if number > 1 else None)
        function = "def upgrade():\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
        (versions / f"{number}.py").write_text(head + function, encoding="utf-8")
    return project_at(versions)


def rendered(folder: Path, *bodies: str, timeout_seconds: float = 20.0) -> tuple[Migration, ...]:
    """The migrations of such a chain."""
    project = write_revisions(folder, *bodies)
    return read_project(project, root=str(folder), timeout_seconds=timeout_seconds).migrations


def sql_of(migration: Migration) -> list[str]:
    """Its statements, white space made even."""
    return [" ".join(text.split()) for part in migration.parts for _, text in lines_of(part)]


def lines_of(part: Part) -> list[tuple[int, str]]:
    """The statements of a part, with the line of the revision that made each."""
    script = part.script
    assert script.origins is not None
    return [
        (origin.line, script.source.text[statement.span.start : statement.span.end])
        for statement, origin in zip(script.statements, script.origins, strict=True)
    ]


def modes_of(migration: Migration) -> list[tuple[str, int]]:
    """The transaction mode of each part, and how many statements it has."""
    return [(part.transaction.value, len(part.script.statements)) for part in migration.parts]


def blocking(migration: Migration) -> list[str]:
    """What keeps it from being read whole."""
    return [notice.message for notice in migration.notices if notice.blocking]


def remarks(migration: Migration) -> list[tuple[int, str]]:
    """What else is said about it."""
    return [(notice.line, notice.message) for notice in migration.notices if not notice.blocking]


def shown(history: History) -> list[dict[str, object]]:
    """A history as rendered.json of a fixture has it."""
    return [
        {
            "id": migration.id,
            "name": migration.name,
            "path": migration.path,
            "parts": [
                {"transaction": part.transaction.value, "statements": [[line, text] for line, text in lines_of(part)]}
                for part in migration.parts
            ],
            "notices": [[notice.line, notice.blocking, notice.message] for notice in migration.notices],
        }
        for migration in history.migrations
    ]
