"""Changes in changes.sql and access.sql of tests/postgres: a migration, and a query of either version of the app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.model import App, Origin, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import MigrationVerdict
from migrasafe.migrations.model import History, Migration, Part
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

FOLDER = Path(__file__).parent / "postgres"
_SECTION = re.compile(r"^-- (?:(change): (.*)|(schema|more|migration|old|new))\n", re.MULTILINE)


class Change(NamedTuple):
    """A migration, and a query of either version of the app."""

    about: str
    schema: str
    migration: str = ""
    old: str = ""
    new: str = ""

    @property
    def unsure(self) -> bool:
        """That it may be `unknown` is right."""
        return self.about.endswith("(unsure)")


def read_changes(name: str) -> list[Change]:
    """Those of one file; a query that it leaves out is empty."""
    _, *parts = _SECTION.split((FOLDER / name).read_text(encoding="utf-8"))
    found: list[Change] = []
    shop = ""
    for change, about, section, text in zip(*(parts[place::4] for place in range(4)), strict=True):
        if section == "schema":
            shop = text
        elif change:
            found.append(Change(about, shop, text.strip()))
        elif section == "more":
            found[-1] = found[-1]._replace(schema=shop + text)
        else:
            found[-1] = found[-1]._replace(**{section: text.strip()})
    return found


def judged(change: Change) -> MigrationVerdict:
    """What compat says about it."""
    schema = schema_from_script(read_script(Source(path="", text=change.schema)))
    part = Part(script=read_script(Source(path="1.sql", text=change.migration)))
    history = History(layout="plain", root=".", migrations=(Migration(id="1", path="1.sql", parts=(part,)),))
    apps = [
        App(label="app", queries=(Query(sql=sql, location=SourceLocation("app.sql", 1), origin=Origin.QUERY_FILE),))
        for sql in (change.old, change.new)
    ]
    (verdict,) = compat([history], apps[0], apps[1], CompatOptions(schema=schema)).migrations
    return verdict
