"""Builds the site from README, guides, rule pages and plans: python tools/build_site.py [FOLDER], build/site if none is given.

The pages lie in the site as they do in the repository, so that links between them hold in both; a link or an anchor that leads
nowhere ends the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "site-pages"
_COPIED = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "action.yml", "ci", "docs", "rules"),
    *("tools/fuzz/ddl.grammar", "tools/fuzz/record.jsonl", "tools/mutation/record.jsonl", "benchmarks/RESULTS.md"),
)
_FACTS = re.compile(r"\A(?P<title># [^\n]+\n)\n```toml\n(?P<facts>.*?)\n```\n", re.S)
_FENCES = re.compile(r"^```(?P<language>[a-z]+) (?P<words>[^\n`]+)$", re.M)
"""A block of code that says more than its language: what it is, for the tests and for people."""
_SHOWN = ("severity", "category", "lock", "work", "since")


def main() -> int:
    out = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "build" / "site"
    collect(PAGES)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--clean",
        "--quiet",
        "--site-dir",
        str(out),
    ]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=ROOT, env=quiet, check=False).returncode


def collect(pages: Path) -> None:
    """Copies what the site is made of, the facts of a rule as a table in the place of TOML."""
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, pages / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (pages / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, pages / name)
    for page in pages.rglob("*.md"):
        text = _FENCES.sub(_with_title, page.read_text(encoding="utf-8"))
        page.write_text(with_facts(text) if page.parent.name == "rules" else text, encoding="utf-8")


def with_facts(text: str) -> str:
    """A rule's page with its facts for people: the sentence, then a row of what it claims."""
    match = _FACTS.match(text)
    if match is None:
        return text
    facts = tomllib.loads(match["facts"])
    shown = [name for name in _SHOWN if facts.get(name)]
    table = "\n".join(
        (
            "| " + " | ".join(shown) + " |",
            "|---" * len(shown) + "|",
            "| " + " | ".join(str(facts[n]) for n in shown) + " |",
        )
    )
    return f"{match['title']}\n**{facts['title']}**\n\n{table}\n{text[match.end() :]}"


def _with_title(match: re.Match[str]) -> str:
    words = match["words"].replace('"', "'")
    return f'```{match["language"]} title="{words}"'


if __name__ == "__main__":
    sys.exit(main())
