"""Which files changed since a git commit: asked of git itself."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.migrations.model import History, Migration, Notice, SinceCommit
from migrasafe.sql.lexer import Kind, tokens


class Since:
    """What a repository says of files since the merge base with a commit."""

    def __init__(self, ref: str, paths: Sequence[Path]) -> None:
        """Raises InputError outside a repository, for a ref git does not know, and in a clone too shallow to have it."""
        if not ref or ref.startswith("-"):
            raise InputError(f"--since {ref or '(nothing)'}: give a commit, branch or tag of git, such as origin/main")
        folder = next((path.parent for path in paths if path.exists()), Path.cwd())
        self.ref = ref
        self.root = Path(_git(folder, "rev-parse", "--show-toplevel", problem="is not inside a git repository").strip())
        _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", problem=_unknown(folder, ref))
        self.base = _git(folder, "merge-base", ref, "HEAD", problem=_unknown(folder, ref)).strip()
        changed = _git(self.root, "diff", "--name-only", "-z", "--diff-filter=d", self.base, problem="git diff failed")
        untracked = _git(self.root, "ls-files", "--others", "--exclude-standard", "-z", problem="git ls-files failed")
        there = _git(self.root, "ls-tree", "-r", "-z", "--name-only", self.base, problem="git ls-tree failed")
        moved = _git(
            self.root, "diff", "--name-status", "-z", "-M", "--diff-filter=DR", self.base, problem="git diff failed"
        )
        self.renamed, self.gone = self._moves(moved.split("\0"))
        """New file → old name; and the files that were there and are not."""
        self.changed = self._files(changed + untracked)
        """Added or changed since, untracked ones included; resolved."""
        self.there = self._files(there)
        """There at that commit."""

    def _moves(self, fields: list[str]) -> tuple[dict[Path, str], tuple[Path, ...]]:
        """`R095 old new` and `D old`, as fields with NULs between."""
        renamed: dict[Path, str] = {}
        gone: list[Path] = []
        while len(fields) > 1:
            if fields[0].startswith("R"):
                renamed[(self.root / fields[2]).resolve()] = Path(fields[1]).name
                fields = fields[3:]
            else:
                gone.append((self.root / fields[1]).resolve())
                fields = fields[2:]
        return renamed, tuple(gone)

    def missing(self, history: History) -> Iterator[Notice]:
        """Migrations of a folder that had shipped, and are gone."""
        files = [Path(one.path).resolve() for one in history.migrations if not one.down]
        one_name = (
            {file.name for file in files} if len(files) > 1 else set[str]()
        )  # up.sql, migration.sql, each in a folder
        folders = {file.parent.parent if len(one_name) == 1 else file.parent for file in files}
        for path in self.gone:
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

    def _files(self, names: str) -> frozenset[Path]:
        return frozenset((self.root / name).resolve() for name in names.split("\0") if name)

    def of(self, history: History) -> tuple[Migration, ...]:
        """The migrations of a history, in their order, each with what git knows of it."""
        migrations = history.migrations
        grows = history.layout == "liquibase"
        known: list[Migration] = []
        overtaken_by: str | None = None
        shared = [path for path, count in Counter(one.path for one in migrations).items() if count > 1]
        for migration in reversed(migrations):
            file = Path(migration.path).resolve()
            new = file not in self.there
            once = (
                not migration.repeatable and not migration.down and migration.path not in shared
            )  # files of several changesets grow
            edited = once and not new and file in self.changed and self._says_something_else(file, grows=grows)
            known.append(
                replace(
                    migration,
                    since=SinceCommit(
                        ref=self.ref,
                        edited=edited,
                        renamed_from=self.renamed.get(file) if once and history.layout != "alembic" else None,
                        overtaken_by=overtaken_by if new and not migration.down and file not in self.renamed else None,
                    ),
                )
            )
            if not new and not migration.repeatable and not migration.down:
                overtaken_by = migration.path
        return tuple(reversed(known))

    def text_of(self, file: Path) -> str:
        """The text of a file at that commit, where it was there."""
        name = file.relative_to(self.root.resolve()).as_posix()
        return _git(self.root, "show", f"{self.base}:{name}", problem="git show failed")

    def _says_something_else(self, file: Path, *, grows: bool) -> bool:
        """Whether more than comments and space has changed. `grows`: changesets may be added at the end."""
        before = self.text_of(file)
        try:
            now = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return True
        if file.suffix != ".sql":
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
        problem=_unknown(folder, ref),
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


def _git(folder: Path, *arguments: str, problem: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("--since needs git, which is not on the PATH") from error
    if done.returncode != 0:
        raise InputError(f"--since: {folder} {problem}")
    return done.stdout
