"""What is staged in git: which files, and the working folder as a commit would have it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrasafe.errors import InputError

_PYTHON = ".py"
_READ = (".sql", ".go", ".rb", ".toml", ".json", ".ini", ".cfg", ".conf", ".xml", ".yaml", ".yml", ".plan", ".mako")
"""Ends of the names of files that migrations, their tools' settings and ours are read from."""


@contextmanager
def as_staged(*, with_app: bool = False) -> Iterator[tuple[str, ...]]:
    """Gives the staged files that a commit would add or change, relative to the working folder, which is within a copy of
    itself as it is staged, where the two differ in a file that matters; `with_app`, every file does. Raises InputError
    outside a repository."""
    here = Path.cwd()
    root = Path(_git("rev-parse", "--show-toplevel").rstrip("\n"))
    listed = _git("diff", "--cached", "--name-only", "--relative", "-z", "--diff-filter=d")
    staged = tuple(name for name in listed.split("\0") if name)
    if not _differs(with_app=with_app):
        yield staged
        return
    with tempfile.TemporaryDirectory(prefix="migrasafe-staged-") as name:
        # .git ends the search for configs and projects, as it does in the repository itself, and leads to its commits
        Path(name, ".git").write_text(f"gitdir: {_git('rev-parse', '--absolute-git-dir').rstrip()}\n", encoding="utf-8")
        _git("-C", str(root), "checkout-index", "--all", "--force", "--quiet", f"--prefix={Path(name).resolve()}/")
        copy = Path(name).resolve() / here.resolve().relative_to(root.resolve())
        copy.mkdir(parents=True, exist_ok=True)
        os.chdir(copy)
        try:
            yield staged
        finally:
            os.chdir(here)


def _differs(*, with_app: bool) -> bool:
    """Whether a file that could matter says something else than what is staged, or is not known to git."""
    changed = _git("diff", "--name-only", "-z")
    untracked = _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/")
    names = [name for name in (changed + untracked).split("\0") if name]
    if with_app:
        return bool(names)
    if not any(name.endswith(_PYTHON) for name in names) or _git(
        "ls-files", ":/**/env.py", ":/env.py", ":/**/manage.py", ":/manage.py"
    ):
        return any(name.endswith((*_READ, _PYTHON)) for name in names)
    return any(name.endswith(_READ) for name in names)  # no Alembic or Django, which import what the project has


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, check=False, encoding="utf-8", errors="surrogateescape"
        )
    except FileNotFoundError as error:
        raise InputError("--staged needs git, which is not on the PATH") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise InputError(f"--staged: {said[0] if said else f'git {arguments[0]} failed'}")
    return done.stdout
