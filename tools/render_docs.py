"""Writes what is made from what is true: outputs of commands in README.md, the index of the rule book, the registry of rules.

python tools/render_docs.py --write     writes them
python tools/render_docs.py --check     says what is not up to date, and exits with 1

The phases on the pages of docs/changes are those of plans of their examples (change_pages.py).

In README.md and docs/guides, the block below a comment `<!-- prints: migrasafe lint … -->` is the output of that command.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from migrasafe.rules.page import Page, page_ids, read_page
from tools import change_pages
from tools.rule_registry import REGISTRY, registry

ROOT = Path(__file__).resolve().parent.parent
_PRINTS = re.compile(
    r"(?P<mark><!-- prints: (?P<command>[^\n]+) -->\n+```[a-z]*\n)(?P<output>.*?)(?P<end>^```$)", re.S | re.M
)
_CATEGORIES: Mapping[str, str] = {
    "lock": "Other sessions wait",
    "compatibility": "The app version that is running breaks",
    "failure": "The migration fails",
    "data": "Data is lost",
    "practice": "Good practice",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what documents show from what is true, or check it.")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--write", action="store_true", help="write the documents")
    chosen.add_argument("--check", action="store_true", help="exit with 1 if a document is not up to date")
    options = parser.parse_args()
    old = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in old:
        name = path.relative_to(ROOT)
        if options.write:
            path.write_text(documents()[path], encoding="utf-8")
            print(f"{name}: written")
        else:
            print(f"{name}: is not up to date; `python tools/render_docs.py --write` writes it", file=sys.stderr)
    return 1 if old and options.check else 0


def documents() -> dict[Path, str]:
    """Every generated document, as it should be."""
    written = (ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md")))
    return {
        **{path: _PRINTS.sub(_with_output, path.read_text(encoding="utf-8")) for path in written},
        ROOT / "rules" / "README.md": rule_index(),
        change_pages.FOLDER / "README.md": change_pages.index(),
        **{
            change_pages.FOLDER / f"{page}.md": change_pages.with_phases(change_pages.read_page(page))
            for page in change_pages.page_ids()
        },
        REGISTRY: registry(),
    }


def _with_output(match: re.Match[str]) -> str:
    return match["mark"] + f"$ {match['command']}\n" + output_of(match["command"]) + match["end"]


def output_of(command: str) -> str:
    """What a command of migrasafe prints in the root of the repository."""
    program, *arguments = shlex.split(command)
    assert program == "migrasafe", command
    ran = subprocess.run(
        [sys.executable, "-m", "migrasafe", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{command}: exit status {ran.returncode}: {ran.stderr}")
    return ran.stdout


def rule_index() -> str:
    """The table of all rules, by what they protect."""
    pages = [read_page(page_id) for page_id in page_ids()]
    parts = [
        "# The rule book\n",
        f"{len(pages)} rules, one page each. `migrasafe explain RULE` prints a page; `migrasafe rules` lists them. Lock and",
        "work are the strongest that the bad examples of the page take and do; tests measure them on real servers of",
        "PostgreSQL 12 to 18. This file is written by `tools/render_docs.py`.",
    ]
    for category, title in _CATEGORIES.items():
        rows = [_row(page) for page in pages if page.facts.category == category]
        head = "| rule | severity | lock | work | what it says |\n|---|---|---|---|---|"
        parts.append(f"\n## {title}\n\n{head}\n" + "\n".join(rows))
    return "\n".join(parts) + "\n"


def _row(page: Page) -> str:
    facts = page.facts
    lock: str = facts.lock or "–"
    work: str = facts.work or "–"
    for major, own in sorted(facts.versions.items()):
        lock += f"; {own.lock} on {major}" if own.lock else ""
        work += f"; {own.work} on {major}" if own.work else ""
    return f"| [{page.id}]({page.id}.md) | {facts.severity} | {lock} | {work} | {facts.title} |"


if __name__ == "__main__":
    sys.exit(main())
