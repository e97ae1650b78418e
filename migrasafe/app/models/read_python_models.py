"""The models in an app's Python files, of whichever ORM, and the queries that they make it send."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrasafe.app.model import Unread
from migrasafe.app.models.constructions import with_constructions
from migrasafe.app.models.django_models import read_django
from migrasafe.app.models.python_project import Module, Project, PythonFile
from migrasafe.app.models.python_syntax import parse_python
from migrasafe.app.models.queries import queries_of
from migrasafe.app.models.sqlalchemy_classes import read_sqlalchemy
from migrasafe.app.models.sqlmodel_classes import read_sqlmodel
from migrasafe.app.source.file_scan import FileScan
from migrasafe.app.usage import SourceLocation

_SAYS_MODELS = re.compile(
    r"\bsqlalchemy\b|\bmapped_column\b|\bMapped\[|\bColumn\(|\b__tablename__\b|\bdjango\.(?:contrib\.gis\.)?db\b"
    r"|\bSQLModel\b|\bForeignKey\(|\w{3,}Field\(|\bAppConfig\b"
)
_DELETES = re.compile(r"\bdelete\w*\(|delete-orphan")


def read_python_models(files: Sequence[PythonFile]) -> FileScan:
    """The queries of all models. Files that cannot be parsed are reported if they say something about models."""
    speaking = [file for file in files if _SAYS_MODELS.search(file.source.text)]
    if not speaking:
        return FileScan()
    unread: list[Unread] = []
    modules: dict[str, Module | None] = {}

    def parse(file: PythonFile) -> Module | None:
        if file.path not in modules:
            modules[file.path] = _parsed(file, unread)
        return modules[file.path]

    project = Project({file.path: module for file in speaking if (module := parse(file))}, files, parse)
    read = (read_sqlalchemy(project), read_sqlmodel(project), read_django(project))
    models = with_constructions([model for one in read for model in one.models], files, parse)
    deletes = any(_DELETES.search(file.source.text) for file in files)
    queries = tuple(query for model in models for query in queries_of(model, deletes=deletes))
    return FileScan(queries=queries, unread=(*unread, *(problem for one in read for problem in one.unread)))


def _parsed(file: PythonFile, unread: list[Unread]) -> Module | None:
    try:
        return Module(file, parse_python(file.source.text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if _SAYS_MODELS.search(file.source.text):
            line = getattr(error, "lineno", None) or 1
            reason = f"this file cannot be read as Python, so its models are not known: {getattr(error, 'msg', error)}"
            unread.append(Unread(location=SourceLocation(file.source.path, line), reason=reason))
        return None
