"""A Django project → a history: every migration of its apps, in the order of `manage.py migrate`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from migrasafe.errors import InputError
from migrasafe.migrations.disk import Keeper
from migrasafe.migrations.django.process import rendered
from migrasafe.migrations.django.project import Project, project_at
from migrasafe.migrations.django.protocol import Ran, Said, Setup
from migrasafe.migrations.executed_parts import parts_of
from migrasafe.migrations.model import History, Migration, Notice


def read_project(folder: str, keeper: Keeper | None = None) -> History:
    """The migrations of the project in the folder; of one app, where the folder is that of its migrations.

    Raises InputError where there are none, RenderError where Django is not installed.
    """
    project = project_at(Path(folder))
    if not project.apps:
        raise InputError(f"{folder}: holds no migrations of Django")
    app = project.app_of(Path(folder))
    ran, said, death = _rendered(project.root, keeper)
    wanted = [
        one for one in ran if app is None or os.path.realpath(Path(one.path).parent) == os.path.realpath(app.folder)
    ]
    notices = [_notice(one, folder, project) for one in said if app is None or one.path.startswith(app.folder)]
    if death:
        after = f" after {ran[-1].label} {ran[-1].name}" if ran else ""
        message = f"the migrations{after} are not read: the process that runs them {death}"
        notices.append(Notice(path=folder, line=1, message=message, blocking=True))
    migrations = tuple(_migration(one, folder, project) for one in wanted)
    return History(layout="django", root=folder, migrations=migrations, notices=tuple(notices))


@cache
def _rendered(root: str, keeper: Keeper | None) -> tuple[tuple[Ran, ...], tuple[Said, ...], str]:
    """Once for all folders of a project that a command reads."""
    project = project_at(Path(root))
    ran, said, death = rendered(setup_of(project), keeper)
    return tuple(ran), tuple(said), death


def setup_of(project: Project) -> Setup:
    """What running the migrations of a project takes."""
    return Setup(
        import_roots=(project.root,),
        site_packages=project.site_packages,
        apps=project.apps,
        settings=project.settings,
        installed=project.installed,
    )


def _migration(one: Ran, folder: str, project: Project) -> Migration:
    path = _shown(one.path, folder)
    noticed = sorted(dict.fromkeys(one.noticed), key=lambda notice: (notice.blocking, notice.line))
    return Migration(
        id=f"{one.label}.{one.name}",
        path=path,
        name=one.name,
        hint=one.hint,
        parts=parts_of(path, one.executed),
        notices=tuple(
            Notice(path=path, line=notice.line, message=notice.message, blocking=notice.blocking) for notice in noticed
        ),
    )


def _notice(one: Said, folder: str, project: Project) -> Notice:
    return Notice(path=_shown(one.path, folder), line=one.line, message=one.message, blocking=one.blocking)


def _shown(path: str, folder: str) -> str:
    """As the folder was given, with what comes below it."""
    near = os.path.relpath(path, os.path.realpath(folder))
    return path if near.startswith("..") else os.path.normpath(Path(folder, near))
