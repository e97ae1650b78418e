"""What became of the mutants: counted, kept as lines of JSON, and written into docs/mutation.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

HERE = Path(__file__).parent
RECORD = HERE / "record.jsonl"
EQUIVALENT = HERE / "equivalent.toml"
PAGE = HERE.parents[1] / "docs" / "mutation.md"
_BEGIN, _END = "<!-- record: begin -->\n", "<!-- record: end -->\n"


class Tried(Struct, frozen=True, kw_only=True):
    """One mutant, and what its tests said."""

    package: str
    path: str
    line: int
    removed: str
    added: str
    wording: bool
    outcome: str
    """killed, timed out, survived, not run (no test meets it), gone (its code is), or equivalent (equivalent.toml says why)."""
    seed: int
    date: str


class Equivalent(Struct, frozen=True, kw_only=True):
    """A mutant that no test can tell from the code, and why."""

    path: str
    removed: str
    added: str
    why: str


def read_equivalent(file: Path = EQUIVALENT) -> dict[tuple[str, str, str], str]:
    if not file.exists():
        return {}
    listed = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), type=dict[str, list[Equivalent]])
    return {(one.path, one.removed, one.added): one.why for one in listed.get("equivalent", [])}


def read_record(file: Path = RECORD) -> list[Tried]:
    if not file.exists():
        return []
    return [msgspec.json.decode(line, type=Tried) for line in file.read_text(encoding="utf-8").splitlines() if line]


def add(one: Tried, file: Path = RECORD) -> None:
    with file.open("a", encoding="utf-8") as kept:
        kept.write(msgspec.json.encode(one).decode() + "\n")


def table(record: Iterable[Tried]) -> str:
    """A line for each package; the last outcome of each mutant counts."""
    tried_last = {(one.path, one.removed, one.added): one for one in record}
    last = {key: one for key, one in tried_last.items() if one.outcome != "gone"}
    packages = dict.fromkeys(one.package for one in last.values())
    lines = [
        "| package | mutants tried | of the logic | killed | equivalent | survived | killed, % | of sentences | killed |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [(name, [one for one in last.values() if one.package == name]) for name in packages]
    for name, tried in [*rows, ("together", list(last.values()))]:
        logic = [one for one in tried if not one.wording]
        killed = sum(one.outcome in {"killed", "timed out"} for one in logic)
        equivalent = sum(one.outcome == "equivalent" for one in logic)
        told = len(logic) - equivalent
        wording = [one for one in tried if one.wording]
        cells: list[object] = [name, len(tried), len(logic), killed, equivalent, told - killed]
        cells += [f"{100 * killed / told:.1f}" if told else "–", len(wording)]
        cells.append(sum(one.outcome in {"killed", "timed out"} for one in wording))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def write_page(page: Path = PAGE, record: Path = RECORD) -> None:
    """Put the record's table between the marks of docs/mutation.md."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}{table(read_record(record))}{_END}{after}", encoding="utf-8")
