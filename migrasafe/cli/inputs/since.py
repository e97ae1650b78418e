"""Which files changed since a git commit: asked of git itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.cli.inputs.real_paths import RealPaths, lies_in
from migrasafe.errors import InputError
from migrasafe.migrations.model import History, Migration, Notice, SinceCommit
from migrasafe.sql.lexer import Kind, tokens


class Since:
    """What a repository says of files since the merge base with a commit. Files are named by their real paths."""

    def __init__(self, ref: str, paths: Sequence[str]) -> None:
        """Raises InputError outside a repository, for a ref git does not know, and in a clone too shallow to have it."""
        if not ref or ref.startswith("-"):
            raise InputError(f"--since {ref or '(nothing)'}: give a commit, branch or tag of git, such as origin/main")
        folder = next((Path(path).parent for path in paths if Path(path).exists()), Path.cwd())
        self.ref = ref
        self.root = Path(_git(folder, "rev-parse", "--show-toplevel", problem="is not inside a git repository").strip())
        self._real_root = os.path.realpath(self.root)
        self.real = RealPaths()
        self.base = _git(
            folder, "merge-base", f"{ref}^{{commit}}", "HEAD", problem=lambda: _unknown(folder, ref)
        ).strip()
        asked = [
            _started(self.root, "diff", "--name-status", "-z", "-M", self.base),
            _started(self.root, "ls-files", "--others", "--exclude-standard", "-z", "--", self._holding(paths)),
            _started(self.root, "ls-tree", "-r", "-z", "--name-only", self.base),
        ]
        changed, untracked, there = [_answer(self.root, git) for git in asked]
        self.renamed: dict[str, str] = {}
        """New file → its old path in the repository."""
        self.gone: list[str] = []
        """The files that were there and are not."""
        # The few files that may be links are followed, not all that the repository has.
        self.changed = frozenset(map(os.path.realpath, [*self._read(changed), *self._files(untracked)]))
        """Added or changed since, untracked ones included."""
        self.there = frozenset(self._files(there))
        """There at that commit."""

    def _holding(self, paths: Sequence[str]) -> str:
        """The folder of the repository that all these files lie in: nothing else is asked about."""
        folders = {self.real.of(folder or ".") for folder in {os.path.split(path)[0] for path in paths}}
        if not folders or not all(lies_in(folder, {self._real_root}) for folder in folders):
            return "."
        return os.path.relpath(os.path.commonpath(folders), self._real_root)

    def _files(self, names: str) -> list[str]:
        return [f"{self._real_root}/{name}" for name in names.split("\0") if name]

    def _read(self, status: str) -> Iterator[str]:
        """Yield what `git diff` says was added or changed; note what was renamed, and what is gone: `R095 old new` and
        `D old`, as fields with NULs between."""
        fields = iter(self._fields(status))
        for kind in fields:
            old = next(fields)
            if kind.startswith(("R", "C")):
                new = f"{self._real_root}/{next(fields)}"
                if kind.startswith("R"):
                    self.renamed[os.path.realpath(new)] = old
                yield new
            elif kind == "D":
                self.gone.append(f"{self._real_root}/{old}")
            else:
                yield f"{self._real_root}/{old}"

    @staticmethod
    def _fields(status: str) -> list[str]:
        return status.split("\0")[:-1]

    def missing(self, history: History) -> Iterator[Notice]:
        """Migrations of a folder that had shipped, and are gone."""
        if not self.gone:
            return
        files = [Path(one.path).resolve() for one in history.migrations if not one.down]
        one_name = (
            {file.name for file in files} if len(files) > 1 else set[str]()
        )  # up.sql, migration.sql, each in a folder
        folders = {file.parent.parent if len(one_name) == 1 else file.parent for file in files}
        for path in map(Path, self.gone):
            folder = path.parent.parent if len(one_name) == 1 else path.parent
            if folder not in folders or path.suffix not in {file.suffix for file in files} or _goes_down(path):
                continue
            if len(one_name) == 1 and path.name not in one_name:
                continue
            shown = f"{path.parent.name}/{path.name}" if len(one_name) == 1 else path.name
            yield Notice(
                path=history.root,
                line=1,
                message=f"{shown} was in {self.ref} and is gone: databases that ran it keep what it made, and new ones do "
                "without; take it back by a new migration instead",
            )

    def of(self, history: History) -> tuple[Migration, ...]:
        """The migrations of a history, in their order, each with what git knows of it."""
        migrations = history.migrations
        grows = history.layout == "liquibase"
        known: list[Migration] = []
        overtaken_by: str | None = None
        shared = {path for path, count in Counter(one.path for one in migrations).items() if count > 1}
        for migration in reversed(migrations):
            file = self.real.of(migration.path)
            new = file not in self.there
            once = (
                not migration.repeatable and not migration.down and migration.path not in shared
            )  # files of several changesets grow
            touched = once and not new and file in self.changed
            edited = touched and self._says_something_else(file, grows=grows)
            known.append(
                replace(
                    migration,
                    since=SinceCommit(
                        ref=self.ref,
                        edited=edited,
                        respaced=touched and not edited and self._is_respaced(file),
                        renamed_from=self._old_name(file, history) if once and history.layout != "alembic" else None,
                        overtaken_by=overtaken_by if new and not migration.down and file not in self.renamed else None,
                    ),
                )
            )
            if not new and not migration.repeatable and not migration.down:
                overtaken_by = migration.path
        return tuple(reversed(known))

    def text_of(self, file: str) -> str:
        """The text of a file at that commit, where it was there."""
        name = self.name_of(file)
        return _git(self.root, "show", f"{self.base}:{name}", problem="git show failed")

    def name_of(self, file: str) -> str:
        """What git calls a file."""
        return os.path.relpath(file, self._real_root).replace(os.sep, "/")

    def _old_name(self, file: str, history: History) -> str | None:
        """What a migration was called, where it is called something else now: a folder may move with all that is in it."""
        old = self.renamed.get(file)
        if old is None or history.layout == "liquibase":  # which knows a changeset by its path
            return old
        before, now = Path(old), Path(file)
        names = {Path(one.path).name for one in history.migrations if not one.down}
        if names == {now.name} and not any(map(str.isdigit, now.name)):  # migration.sql, up.sql, each in a folder
            before, now = before.parent, now.parent
        return before.name if before.name != now.name else None

    def _is_respaced(self, file: str) -> bool:
        return self.text_of(file).splitlines() != Path(file).read_text(encoding="utf-8").splitlines()

    def _says_something_else(self, file: str, *, grows: bool) -> bool:
        """Whether more than comments and space has changed. `grows`: changesets may be added at the end."""
        before = self.text_of(file)
        try:
            now = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return True
        if not file.endswith(".sql"):
            return before.split() != now.split()
        old, new = _words(before), _words(now)
        return new[: len(old)] != old if grows else new != old


def _goes_down(path: Path) -> bool:
    return path.name.startswith("U") or "down" in re.split(r"[._]", path.name.lower())


def _words(text: str) -> tuple[str, ...]:
    found = tokens(text, 0, len(text))
    return tuple(text[token.start : token.end] for token in found if token.kind is not Kind.COMMENT)


def files_at(ref: str, paths: Sequence[Path]) -> frozenset[Path]:
    """The files of a commit itself, of the repository that these paths are in; resolved. Raises InputError as Since does."""
    if ref.startswith("-"):
        raise InputError(f"{ref}: give a commit, branch or tag of git")
    folder = next((path.parent for path in paths if path.exists()), Path.cwd())
    root = Path(_git(folder, "rev-parse", "--show-toplevel", problem="is not inside a git repository").strip())
    names = _git(
        root,
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        f"{ref}^{{commit}}",
        problem=lambda: _unknown(folder, ref),
    )
    return frozenset((root / name).resolve() for name in names.split("\0") if name)


def _unknown(folder: Path, ref: str) -> str:
    shallow = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--is-shallow-repository"], capture_output=True, text=True, check=False
    )
    remote, slash, branch = ref.partition("/")
    is_branch = slash and remote == "origin"
    refspec = f" +refs/heads/{branch}:refs/remotes/origin/{branch}" if is_branch else ""
    if shallow.stdout.strip() == "true":
        return (
            f"has no {ref} in this shallow clone: run `git fetch --unshallow origin{refspec}` (in CI: fetch-depth: 0)"
        )
    fetch = f"; if it is new there, run `git fetch origin{refspec}`" if is_branch else ""
    return f"has no commit {ref}, or no history in common with it{fetch}"


def _git(folder: Path, *arguments: str, problem: str | Callable[[], str]) -> str:
    return _answer(folder, _started(folder, *arguments), problem=problem)


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            ["git", "--literal-pathspecs", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError as error:
        raise InputError("--since needs git, which is not on the PATH") from error


def _answer(folder: Path, git: subprocess.Popen[str], *, problem: str | Callable[[], str] | None = None) -> str:
    """What a git that was started says. Raises InputError where it fails: with the problem, else with what it complains of."""
    said, complaint = git.communicate()
    if git.returncode != 0:
        if problem is None:
            last = complaint.strip().rpartition("\n")[2] or f"exit status {git.returncode}"
            raise InputError(f"--since: git cannot tell what has changed in {folder}: {last}")
        raise InputError(f"--since: {folder} {problem if isinstance(problem, str) else problem()}")
    return said
