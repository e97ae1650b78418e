"""What was run, as lines of JSON, and docs/fuzzing.md made of them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from migrasafe import __version__

HERE = Path(__file__).parent
RECORD = HERE / "record.jsonl"
PAGE = HERE.parents[1] / "docs" / "fuzzing.md"
GUIDED = "along coverage: "
"""What the names of these campaigns begin with; the reader follows."""
_BEGIN, _END = "<!-- record: begin -->\n", "<!-- record: end -->\n"


class Ran(Struct, frozen=True, kw_only=True):
    """One campaign."""

    campaign: str
    seed: int
    texts: int
    statements: int
    linted: int = 0
    compared: int = 0
    """Statements after which the catalog was compared with a server's."""
    edges: int = 0
    """Of the code that was watched, which a campaign along coverage reached."""
    failures: int
    classes: dict[str, int]
    seconds: float
    cpu_seconds: float
    load: float
    """Of the machine, in processes over the last minute, when it ended."""
    python: str
    version: str
    commit: str


def ran(campaign: str, seed: int, counts: dict[str, int], classes: dict[str, int], *, wall: float, cpu: float) -> Ran:
    """The record of a campaign that ends now, on this machine."""
    return Ran(
        campaign=campaign,
        seed=seed,
        texts=counts["texts"],
        statements=counts["statements"],
        linted=counts.get("linted", 0),
        compared=counts.get("compared", 0),
        edges=counts.get("edges", 0),
        failures=counts["failures"],
        classes=classes,
        seconds=round(wall, 1),
        cpu_seconds=round(cpu, 1),
        load=round(os.getloadavg()[0], 1),
        python=platform.python_version(),
        version=__version__,
        commit=_commit(),
    )


def add(one: Ran, path: Path = RECORD) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(msgspec.json.encode(one).decode() + "\n")


def read_record(path: Path = RECORD) -> list[Ran]:
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Ran) for line in path.read_text(encoding="utf-8").splitlines() if line]


def write_page(page: Path = PAGE, record: Path = RECORD) -> None:
    """Put the record's table between the marks of docs/fuzzing.md."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}{table(read_record(record))}{_END}{after}", encoding="utf-8")


def table(record: Iterable[Ran]) -> str:
    """A line for each campaign, all of its runs together; those along coverage have a table of their own."""
    by_campaign: dict[str, list[Ran]] = {}
    guided: dict[str, list[Ran]] = {}
    for one in record:
        of_reader = one.campaign.startswith(GUIDED)
        (guided if of_reader else by_campaign).setdefault(one.campaign.removeprefix(GUIDED), []).append(one)
    return _of_statements(by_campaign) + (f"\n{_of_readers(guided)}" if guided else "")


def _of_readers(by_reader: Mapping[str, list[Ran]]) -> str:
    lines = [
        "| along coverage | texts | edges reached | failures | of kinds | minutes | load |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, runs in sorted(by_reader.items()):
        cells = [name, f"{sum(run.texts for run in runs):,}", f"{max(run.edges for run in runs):,}"]
        cells += [f"{sum(run.failures for run in runs):,}", str(len({kind for run in runs for kind in run.classes}))]
        cells += [f"{sum(run.seconds for run in runs) / 60:.1f}", f"{sum(run.load for run in runs) / len(runs):.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _of_statements(by_campaign: Mapping[str, list[Ran]]) -> str:
    lines = [
        "| campaign | runs | texts | statements | linted | compared with a server | failures | of kinds | CPU s | load |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, runs in sorted(by_campaign.items()):
        kinds = len({kind for run in runs for kind in run.classes})
        load = sum(run.load for run in runs) / len(runs)
        sums = [
            sum(getattr(run, key) for run in runs) for key in ("texts", "statements", "linted", "compared", "failures")
        ]
        cells = [name, str(len(runs)), *(f"{one:,}" for one in sums), str(kinds)]
        cells += [f"{sum(run.cpu_seconds for run in runs):,.0f}", f"{load:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _commit() -> str:
    try:
        asked = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return asked.stdout.strip()
