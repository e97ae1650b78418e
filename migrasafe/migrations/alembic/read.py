"""An Alembic project → a history: every revision rendered, in the order of the graph."""

from __future__ import annotations

import linecache
import os
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from migrasafe.errors import InputError
from migrasafe.migrations.alembic.graph import Revision, in_order, read_revision
from migrasafe.migrations.alembic.notices import notices_of
from migrasafe.migrations.alembic.project import PLUGIN_OPERATIONS, Project
from migrasafe.migrations.alembic.protocol import Direction, Executed, Setup
from migrasafe.migrations.alembic.render import LIVE_TIMEOUT_SECONDS, TIMEOUT_SECONDS, Outcome, Step, better_of, render
from migrasafe.migrations.model import History, Migration, Notice, Part, TransactionMode
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Origin, Script
from migrasafe.sql.source import Source, read_source


def read_project(
    project: Project,
    *,
    root: str,
    direction: Direction = Direction.UPGRADE,
    made_before: Sequence[str] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> History:
    """Render every revision of a project without a server; for downgrades the newest first.

    `made_before` is SQL that made what is not in the revisions, such as a dump: inspectors know it. `timeout_seconds` is
    for one revision. Raises InputError for files that are no graph of revisions, RenderError when
    revisions cannot be run at all.
    """
    revisions, notices = revisions_of(project)
    setup = _setup(project, revisions, made_before=tuple(made_before))
    outcomes = render(_steps(revisions, direction), setup, timeout_seconds=timeout_seconds)
    return _history(project, root, outcomes, notices, direction)


def render_online(
    project: Project,
    *,
    root: str,
    dsn: str,
    direction: Direction = Direction.UPGRADE,
    timeout_seconds: float = LIVE_TIMEOUT_SECONDS,
) -> History:
    """Likewise, by running them in order on a scratch database of the server of `dsn`, made for it and dropped again.

    A revision that fails there is shown as it is rendered without a server, if it can be, and the notice says so.
    Raises RenderError also when the server cannot be reached or the user may not create databases.
    """
    revisions, notices = revisions_of(project)
    steps = _steps(revisions, direction)
    setup = _setup(project, revisions, dsn=dsn, scratch_database=f"migrasafe_{uuid.uuid4().hex[:16]}")
    outcomes = list(render(steps, setup, timeout_seconds=timeout_seconds))
    if not all(outcome.complete for outcome in outcomes):
        without = render(steps, _setup(project, revisions), timeout_seconds=TIMEOUT_SECONDS)
        outcomes = [better_of(*both) for both in zip(outcomes, without, strict=True)]
    return _history(project, root, outcomes, notices, direction)


def revisions_of(project: Project) -> tuple[tuple[Revision, ...], tuple[Notice, ...]]:
    """The revisions in order, and notices about files that are none. Raises InputError."""
    revisions: list[Revision] = []
    notices: list[Notice] = []
    for file in _files(project):
        revision = read_revision(read_source(file, str(file)))
        if revision is not None:
            revisions.append(revision)
        else:
            message = "has no `revision`, so Alembic does not run it: left out"
            notices.append(Notice(path=str(file), line=1, message=message))
    if not revisions:
        raise InputError(f"{', '.join(project.version_folders)}: holds no Alembic revisions: give the folder that does")
    return in_order(revisions), tuple(notices)


def _files(project: Project) -> Iterator[Path]:
    for folder in project.version_folders:
        pattern = "**/*.py" if project.recursive else "*.py"
        for file in sorted(Path(folder).glob(pattern)):
            if file.name not in ("__init__.py", "env.py") and not file.name.startswith(".#"):
                yield file


def _setup(
    project: Project,
    revisions: Sequence[Revision],
    *,
    made_before: tuple[str, ...] = (),
    dsn: str | None = None,
    scratch_database: str | None = None,
) -> Setup:
    folders = (project.script_folder, *project.version_folders)
    return Setup(
        import_roots=project.import_roots,
        revision_folders=tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders)),
        plugins=tuple(dict.fromkeys((*project.plugins, *_plugins_used(revisions)))),
        config_file=os.path.realpath(project.config_file) if project.config_file else None,
        naming_convention=project.naming_convention,
        earlier=made_before,
        dsn=dsn,
        scratch_database=scratch_database,
    )


def _plugins_used(revisions: Sequence[Revision]) -> Iterator[str]:
    """Installed packages whose operations the revisions use, wherever the app imports them."""
    for operation in sorted({name for revision in revisions for name in revision.operations}):
        package = PLUGIN_OPERATIONS.get(operation)
        if package is not None and find_spec(package) is not None:
            yield package


def _steps(revisions: Sequence[Revision], direction: Direction) -> tuple[Step, ...]:
    """To go down, one must be up first."""
    up = tuple(Step(revision=revision) for revision in revisions)
    if direction is Direction.UPGRADE:
        return up
    return (*up, *(Step(revision=revision, direction=direction) for revision in reversed(revisions)))


def _history(
    project: Project, root: str, outcomes: Iterable[Outcome], notices: tuple[Notice, ...], direction: Direction
) -> History:
    wanted = [outcome for outcome in outcomes if outcome.step.direction is direction]
    migrations = tuple(_migration(outcome) for outcome in wanted)
    notices = (*notices, *_commits_of_others(project, migrations))
    return History(layout="alembic", root=root, migrations=migrations, notices=notices)


def _commits_of_others(project: Project, migrations: Sequence[Migration]) -> Iterator[Notice]:
    """By default Alembic runs all that is pending in one transaction, which an autocommit block ends for all of them."""
    env = Path(project.script_folder, "env.py")
    if project.transaction_per_migration or not env.is_file():
        return
    for migration in migrations:
        if any(part.transaction is not TransactionMode.ONE for part in migration.parts):
            yield Notice(
                path=str(env),
                line=1,
                message="has no transaction_per_migration=True, so the autocommit_block() of revision"
                f" {migration.id} also commits the revisions that run before it in the same `alembic upgrade`",
            )
            return


def _migration(outcome: Outcome) -> Migration:
    revision = outcome.step.revision
    return Migration(
        id=revision.id,
        path=revision.path,
        name=revision.title,
        parts=tuple(_parts(revision.path, outcome.rendered.executed)),
        notices=notices_of(outcome),
    )


def _parts(path: str, executed: Sequence[Executed]) -> Iterator[Part]:
    """One part for each transaction, and for what ran outside of any."""
    for (transaction, alone), group in groupby(enumerate(executed), key=_transaction):
        script = _script(path, [one for _, one in group])
        if transaction is not None:
            mode = TransactionMode.ONE
        elif alone is not None and len(script.statements) > 1:
            # Several statements sent at once outside of a transaction are one to the server.
            mode = TransactionMode.IMPLICIT
        else:
            mode = TransactionMode.NONE
        yield Part(script=script, transaction=mode)


def _transaction(place_and_one: tuple[int, Executed]) -> tuple[int | None, int | None]:
    """What makes a part: the transaction; outside of one, a string of several statements is a part of its own."""
    place, one = place_and_one
    alone = one.transaction is None and ";" in one.sql.rstrip().rstrip(";")
    return one.transaction, place if alone else None


def _script(path: str, executed: Sequence[Executed]) -> Script:
    """The statements one below the other, each with the line of the revision that sent it."""
    texts = [_ended(one.sql) for one in executed]
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + 2)
    script = read_script(Source(path=path, text="\n\n".join(texts) + "\n"))
    senders = [bisect_right(starts, statement.span.start) - 1 for statement in script.statements]
    several = Counter(senders)
    origins = []
    below = 0
    for place, (statement, sender) in enumerate(zip(script.statements, senders, strict=True)):
        line = executed[sender].line or 1
        if several[sender] > 1:
            # Of several in one string, each is looked for below the one before it.
            below = max(line, below if place and senders[place - 1] == sender else 0)
            text = script.source.text[statement.span.start : statement.span.end]
            line = below = _line_of(path, text, below) or line
        origins.append(Origin(path=path, line=line))
    return Script(source=script.source, statements=script.statements, comments=script.comments, origins=tuple(origins))


def _line_of(path: str, statement: str, start: int) -> int | None:
    """The first line from `start` on that holds the first line of a statement; None where it was not written so."""
    first = statement.partition("\n")[0].strip()
    for number, line in enumerate(linecache.getlines(path)[start - 1 :], start=start):
        if first in line:
            return number
    return None


def _ended(sql: str) -> str:
    """With a semicolon at its end, also when that is a comment."""
    text = sql.strip("\n").rstrip()
    if text.endswith(";"):
        return text
    return f"{text}\n;" if "--" in text.rpartition("\n")[2] else f"{text};"
