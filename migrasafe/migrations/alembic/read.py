"""An Alembic project → a history: every revision rendered, in the order of the graph."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from migrasafe.errors import InputError
from migrasafe.migrations.alembic.graph import Revision, in_order, read_revision
from migrasafe.migrations.alembic.notices import notices_of
from migrasafe.migrations.alembic.project import PLUGIN_OPERATIONS, Project
from migrasafe.migrations.alembic.protocol import Direction, Setup
from migrasafe.migrations.alembic.render import LIVE_TIMEOUT_SECONDS, TIMEOUT_SECONDS, Outcome, Step, better_of, render
from migrasafe.migrations.alembic.without_running import readable
from migrasafe.migrations.executed_parts import parts_of
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.sql.source import read_source


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


def read_without_running(project: Project, *, root: str) -> History:
    """What the revisions of a project say in so many words: calls of `op` with values that are written out. None of the
    project's code is run; what would take that is in the notices. Raises InputError as `read_project`."""
    revisions, notices = revisions_of(project)
    with TemporaryDirectory(prefix="migrasafe-revisions-") as folder:
        steps = [_readable(revision, Path(folder, f"{number}.py")) for number, revision in enumerate(revisions)]
        setup = Setup(revision_folders=(os.path.realpath(folder),), naming_convention=project.naming_convention)
        outcomes = list(render(steps, setup, timeout_seconds=TIMEOUT_SECONDS))
    return _history(project, root, outcomes, notices, Direction.UPGRADE)


def _readable(revision: Revision, file: Path) -> Step:
    found = readable(read_source(Path(revision.path), revision.path).text, Direction.UPGRADE.value)
    file.write_text(found.text, encoding="utf-8")
    return Step(revision=revision, read_as=str(file), left_out=found.left_out)


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
        parts=parts_of(revision.path, outcome.rendered.executed),
        notices=notices_of(outcome),
    )
