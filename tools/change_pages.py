"""The pages of docs/changes: one for each module of migrasafe/plan/changes, its phases those of a real plan of its example."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from migrasafe.locks import LockMode
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Phase, Plan
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import Wanted, read_changes
from migrasafe.plan.read.hints import hints_of
from migrasafe.plan.words.words import sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import DEFAULT, OLDEST, Target

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "changes"
MODULES = ROOT / "migrasafe" / "plan" / "changes"
CATEGORIES: Mapping[str, str] = {
    "columns": "Columns",
    "types": "Types of columns, and types themselves",
    "keys": "Keys and their numbers",
    "constraints": "Constraints",
    "indexes": "Indexes",
    "tables": "Tables",
    "across": "From one table to another, from one database to another",
    "partitions": "Partitions",
    "views": "Views",
    "programs": "Functions and triggers",
    "access": "Who may do what",
    "storage": "Storage and replication",
}
_BLOCK = re.compile(r"^```(?P<words>[^\n]*)\n(?P<text>.*?)^```$", re.S | re.M)
_PHASES = re.compile(
    r"(?P<begin><!-- phases: written by tools/render_docs\.py -->\n).*?(?P<end><!-- end of phases -->)", re.S
)


class Facts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What the first block of a page says."""

    category: str
    tested: tuple[str, ...]
    """`MODULE: CASE`: what carries the change out on real servers, in CASES of a module of tests/postgres/plans."""
    words: str | None = None
    """The example in words, as the command line has it after `migrasafe plan`; None: it can only be said in SQL."""
    part_of: str | None = None
    """The page of the change that decides whether this one is made."""
    since: int = OLDEST
    """The first major version that it can be done on."""
    up: str | None = None
    down: str | None = None
    time_zone: str | None = None


class Page(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    facts: Facts
    given: str
    migration: str
    text: str

    @property
    def module(self) -> str:
        """The module of migrasafe.plan.changes that makes the plan."""
        return (self.facts.part_of or self.id).replace("-", "_")

    @property
    def schema(self) -> Schema:
        return schema_from_script(read_script(Source(path="given.sql", text=self.given)))


def page_ids() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.md") if path.name != "README.md")


def modules() -> list[str]:
    """The modules that make plans, as pages are called."""
    left_out = {"__init__", "model"}
    return sorted(path.stem.replace("_", "-") for path in MODULES.glob("*.py") if path.stem not in left_out)


def read_page(page_id: str) -> Page:
    """A page with its example. Raises ValueError for one that is not as pages are."""
    text = (FOLDER / f"{page_id}.md").read_text(encoding="utf-8")
    blocks = {found["words"]: found["text"] for found in reversed(list(_BLOCK.finditer(text)))}
    missing = [words for words in ("toml", "sql given", "sql migration") if words not in blocks]
    if missing or not text.startswith("# ") or not _PHASES.search(text):
        raise ValueError(f"{page_id}.md: needs a title, blocks {', '.join(missing) or 'as others have'}, and phases")
    return Page(
        id=page_id,
        title=text.partition("\n")[0].removeprefix("# "),
        facts=msgspec.toml.decode(blocks["toml"], type=Facts),
        given=blocks["sql given"],
        migration=blocks["sql migration"],
        text=text,
    )


def wanted_by(page: Page, migration: str) -> tuple[Wanted, ...]:
    """The changes that a migration to the page's schema is read as."""
    facts = page.facts
    hints = hints_of(up=facts.up, down=facts.down, time_zone=facts.time_zone)
    return read_changes(read_script(Source(path=f"{page.id}.sql", text=migration)), page.schema, hints)


def in_words(page: Page) -> str:
    """The migration that the words of the page ask for."""
    assert page.facts.words is not None, page.id
    return sql_of(shlex.split(page.facts.words), page.schema)


def plan_of(page: Page, migration: str, pg_version: int | None = None) -> Plan:
    pg_version = pg_version or max(DEFAULT, page.facts.since)
    target = Target(pg_version=pg_version, pg_version_assumed=False)
    ground = Ground(schema=page.schema, target=target, id=page.id.replace("-", "_")[:40])
    return put_together(draft_of(wanted_by(page, migration), ground), ground)


def with_phases(page: Page) -> str:
    """The page, with what the plan of its example says now."""
    written = "\n".join(_told(page, plan_of(page, page.migration)))
    return _PHASES.sub(lambda found: f"{found['begin']}\n{written}\n\n{found['end']}", page.text)


def _told(page: Page, plan: Plan) -> Iterator[str]:
    if page.facts.words is not None:
        options = {"up": page.facts.up, "down": page.facts.down, "time-zone": page.facts.time_zone}
        said = "".join(f" --{name} {shlex.quote(value)}" for name, value in options.items() if value is not None)
        yield f"```\nmigrasafe plan {page.facts.words}{said} --schema …\n```\n"
    yield "| phase | what happens | lock | the old version | the new version |\n|---|---|---|---|---|"
    for phase in plan.phases:
        cells = (f"**{phase.name.value}**", _what(phase), _lock(phase), phase.old_app, phase.new_app)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    for title, sentences in (
        ("Why this way", plan.why),
        ("Otherwise than the migration as it was written", plan.differs),
        ("What is for a person to look after", plan.by_hand),
    ):
        if sentences:
            yield f"\n{title}:\n"
            yield from (f"- {' '.join(sentence.split())}" for sentence in sentences)


def _what(phase: Phase) -> str:
    parts = [f"{phase.title}."]
    if phase.gates:
        parts.append("Gates: " + " ".join(gate.question for gate in phase.gates))
    parts += [phase.deploy] if phase.deploy else []
    jobs = len(phase.backfills)
    parts += [f"{jobs} backfill{'s' if jobs > 1 else ''}."] if jobs else []
    return " ".join(parts)


def _lock(phase: Phase) -> str:
    modes = [LockMode(lock.mode) for step in phase.steps for lock in step.locks]
    return max(modes, key=lambda mode: mode.strength).value if modes else "–"


def index() -> str:
    """The table of all changes, by what they are about."""
    pages = [read_page(page_id) for page_id in page_ids()]
    parts = [
        "# What `migrasafe plan` can plan\n",
        f"{len(pages)} changes, one page each: what people want, the phases with what each version of the app may do in them,",
        "and the pitfalls. A strong lock in a phase is held for an instant, with a lock_timeout and retries. Tests carry each",
        "change out on real servers, with both versions of an app at work. This file, and the phases on each page, are",
        "written by `tools/render_docs.py` from plans of the examples.",
    ]
    for category, title in CATEGORIES.items():
        rows = [_row(page) for page in pages if page.facts.category == category]
        if rows:
            parts.append(f"\n## {title}\n\n| change | in words |\n|---|---|\n" + "\n".join(rows))
    return "\n".join(parts) + "\n"


def _row(page: Page) -> str:
    words = f"`{page.facts.words}`".replace("|", "\\|") if page.facts.words else "in SQL"
    return f"| [{page.title}]({page.id}.md) | {words} |"
