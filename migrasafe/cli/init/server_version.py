"""Which PostgreSQL a project says that it uses, from the files that start one: compose, Dockerfiles, CI, Supabase."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from migrasafe.migrations.folder import SKIPPED
from migrasafe.target import NEWEST, OLDEST

_IMAGE = re.compile(
    r"(?:^|[\s\"'/=])(?:postgres|postgis|timescaledb(?:-ha)?|pgvector|postgresql|citus)(?:@sha256)?:(?:\$\{\w+:?-)?(?:[a-z-]*pg)?(?P<major>\d\d|9(?=\.\d))(?![\d])"
)
_SETTINGS = (
    re.compile(r"^\s*major_version\s*=\s*(?P<major>\d\d)\b"),  # supabase/config.toml
    re.compile(r"^\s*postgres(?:ql)?\s+(?P<major>\d\d|9(?=\.\d))(?:\.[\d.]+)?\s*$"),  # .tool-versions
    re.compile(r"(?i)^\s*(?:PG|POSTGRES|POSTGRESQL)_VERSION\s*[:=]\s*[\"']?(?P<major>\d\d|9(?=\.\d))\b"),
    re.compile(r"^\s*engine_version\s*=\s*\"(?P<major>\d\d|9(?=\.\d))\b"),  # Terraform, beside engine = "postgres"
)
_NAMES = re.compile(
    r"(?i)^(?:(?:docker-)?compose[\w.-]*\.ya?ml|dockerfile.*|.*\.dockerfile|config\.toml|\.tool-versions|mise\.toml|\.gitlab-ci\.yml"
    r"|\.env[\w.-]*|.*\.tf|bitbucket-pipelines\.yml|devcontainer\.json|makefile)$"
)
_WORKFLOWS = (".github/workflows", ".circleci", ".devcontainer", ".buildkite")
_FIRST, _LAST = 9, 29
"""Other numbers are no major version of PostgreSQL."""
_MOST_BYTES = 200_000
_MOST_LEVELS = 4
_TEST = re.compile(r"(?i)(?:^|[/_.-])(?:tests?|ci|dev|e2e|examples?|matrix)(?:[/_.-]|$)|^\.(?:github|circleci|gitlab)")


class SaidVersion(Struct, frozen=True, kw_only=True):
    """A major version that a line of a file names."""

    major: int
    path: str
    line: int

    @property
    def supported(self) -> bool:
        """Whether migrasafe knows the version."""
        return OLDEST <= self.major <= NEWEST

    @property
    def weight(self) -> int:
        """What is for tests says less about production."""
        return 0 if _TEST.search(self.path) else 1


def said_versions(root: Path) -> tuple[SaidVersion, ...]:
    """All that the project says of it: what is not for tests first, then what lies highest in the tree, then the lowest version,
    for that is the safe side."""
    found = [said for path in _files(root, 0) for said in _in_file(path, root)]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.path.count("/"), one.major, one.path, one.line)))


def _files(folder: Path, level: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_file() and _NAMES.match(entry.name):
            yield entry
        elif level < _MOST_LEVELS and _is_searched(entry):
            yield from _files(entry, level + 1)
    if level == 0:
        for name in _WORKFLOWS:
            yield from (one for one in sorted((folder / name).glob("**/*.y*ml")) if one.is_file())


def _is_searched(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink() and entry.name not in SKIPPED and not entry.name.startswith(".")


def _in_file(path: Path, root: Path) -> Iterator[SaidVersion]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for match in (_IMAGE.search(line), *(setting.search(line) for setting in _SETTINGS)):
            if match is not None and _FIRST <= int(match["major"]) <= _LAST:
                yield SaidVersion(major=int(match["major"]), path=path.relative_to(root).as_posix(), line=number)
                break
