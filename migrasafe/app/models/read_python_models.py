"""The models in an app's Python files, of whichever ORM, and the queries that they make it send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from migrasafe.app.file_scan import FileScan, SourceText
from migrasafe.app.model import Unread
from migrasafe.app.models.constructions import with_constructions
from migrasafe.app.models.django_models import read_django
from migrasafe.app.models.python_project import Module, Project
from migrasafe.app.models.python_syntax import parse_python
from migrasafe.app.models.queries import queries_of
from migrasafe.app.models.sqlalchemy_classes import read_sqlalchemy
from migrasafe.app.usage import SourceLocation

_SAYS_MODELS = re.compile(
    r"\bsqlalchemy\b|\bmapped_column\b|\bMapped\[|\b(?:db|sa)\.Column\(|\b__tablename__\b"
    r"|\bdjango\.(?:contrib\.gis\.)?db\b"
)
_MAY_SAY_MORE = re.compile(r"^\s*class\s|^[A-Z_]{2,}\s*[:=]", re.MULTILINE)

_DELETES = re.compile(r"\bdelete\w*\(|delete-orphan")


class PythonFile(NamedTuple):
    path: str
    """Inside of the app, which is how other files import it."""
    source: SourceText


def read_python_models(files: Sequence[PythonFile]) -> FileScan:
    """The queries of all models. Files that cannot be parsed are reported if they say something about models."""
    if not any(_SAYS_MODELS.search(file.source.text) for file in files):
        return FileScan()
    unread: list[Unread] = []
    # Names of tables, enums and mixins may come from files that do not mention the ORM.
    modules = [module for file in files if _MAY_SAY_MORE.search(file.source.text) and (module := _parsed(file, unread))]
    project = Project(modules)
    read = (read_sqlalchemy(project), read_django(project))
    known = {module.source.path for module in modules}
    others = [module for file in files if file.source.path not in known and (module := _parsed(file, []))]
    models = with_constructions([model for one in read for model in one.models], [*modules, *others])
    deletes = any(_DELETES.search(file.source.text) for file in files)
    queries = tuple(query for model in models for query in queries_of(model, deletes=deletes))
    return FileScan(queries=queries, unread=(*unread, *(problem for one in read for problem in one.unread)))


def _parsed(file: PythonFile, unread: list[Unread]) -> Module | None:
    try:
        tree = parse_python(file.source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if _SAYS_MODELS.search(file.source.text):
            line = getattr(error, "lineno", None) or 1
            reason = f"this file cannot be read as Python, so its models are not known: {getattr(error, 'msg', error)}"
            unread.append(Unread(location=SourceLocation(file.source.path, line), reason=reason))
        return None
    return Module(file.path, file.source, tree)
