"""What a run of a command used, measured from a small process of its own (measure_one.py)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ONE = Path(__file__).with_name("measure_one.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float = 0.0
    """Of the largest process; 0 where it was not looked at."""
    server_cpu_seconds: float = 0.0
    """Of servers that the command started, or that it asked; not in `cpu_seconds`."""

    @property
    def all_cpu_seconds(self) -> float:
        return self.cpu_seconds + self.server_cpu_seconds


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Measured:
    """One run of a command: what it and its children used. Its output goes to a file, as in CI; findings are no failure."""
    environment = dict(os.environ if environment is None else environment)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling every module in every run is not what is measured
    request = {"command": command, "environment": environment, "folder": str(folder or Path.cwd())}
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(_ONE)], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        sys.exit(f"{command[0]} could not be measured: {answer.stderr.strip()}")
    used = json.loads(answer.stdout)
    if used.pop("status") not in (0, 1):
        sys.exit(f"{' '.join(command[:4])} … failed: {used['complaint']}")
    del used["complaint"]
    return Measured(**used)


def tool(name: str) -> str | None:
    """Where a program is: beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)
