"""Looks for known holes in what requirements-dev.lock pins, with pip-audit; what could not be looked up is not called fine.

    python tools/audit.py [--without-network-too]

Exit status: 0 all were looked up, and none has a known hole · 1 some have · 2 some or all could not be looked up, as without
a network; with --without-network-too that is said and ends in 0, for machines that may have none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements-dev.lock"
_SECONDS = 120


def main() -> int:
    command = ["-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json"]
    try:
        ran = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        status, words = 2, f"not audited: the database of known holes gave no answer within {_SECONDS} seconds"
    else:
        status, words = verdict(ran.stdout, ran.stderr)
    print(words)
    return 0 if status == 2 and "--without-network-too" in sys.argv[1:] else status


def verdict(report: str, trouble: str) -> tuple[int, str]:
    """The exit status, and what to print, for what pip-audit printed: it calls packages that it could not find no trouble."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = trouble.strip().splitlines() or ["pip-audit said nothing"]
        return 2, f"not audited: {said[-1]}"
    holes = [f"{one['name']} {one['version']}: {hole['id']}" for one in packages for hole in one.get("vulns", ())]
    unknown = sum("vulns" not in one for one in packages)
    if holes:
        return 1, "\n".join(holes)
    if unknown or not packages:
        return 2, f"not audited: {unknown} of {len(packages)} packages could not be looked up (is there a network?)"
    return 0, f"{len(packages)} packages, no known hole"


if __name__ == "__main__":
    sys.exit(main())
