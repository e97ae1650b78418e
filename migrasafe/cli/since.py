"""Which files changed since a git commit: asked of git itself."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from migrasafe.errors import InputError


def changed_since(ref: str, paths: Sequence[Path]) -> frozenset[Path]:
    """The files, resolved, that were added or changed since the merge base with `ref`, untracked ones included.

    Raises InputError outside a repository, for a ref git does not know, and in a clone too shallow to have it.
    """
    if not ref or ref.startswith("-"):
        raise InputError(f"--since {ref or '(nothing)'}: give a commit, branch or tag of git, such as origin/main")
    folder = next((path.parent for path in paths if path.exists()), Path.cwd())
    root = Path(_git(folder, "rev-parse", "--show-toplevel", problem="is not inside a git repository").strip())
    _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", problem=_unknown(folder, ref))
    base = _git(folder, "merge-base", ref, "HEAD", problem=_unknown(folder, ref)).strip()
    changed = _git(root, "diff", "--name-only", "-z", "--diff-filter=d", base, problem="git diff failed")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z", problem="git ls-files failed")
    return frozenset((root / name).resolve() for name in (changed + untracked).split("\0") if name)


def _unknown(folder: Path, ref: str) -> str:
    shallow = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--is-shallow-repository"], capture_output=True, text=True, check=False
    )
    if shallow.stdout.strip() == "true":
        return f"has no {ref} in this shallow clone: run `git fetch --unshallow origin` (in CI: fetch-depth: 0)"
    return f"has no commit {ref}, or no history in common with it"


def _git(folder: Path, *arguments: str, problem: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise InputError("--since needs git, which is not on the PATH") from error
    if done.returncode != 0:
        raise InputError(f"--since: {folder} {problem}")
    return done.stdout
