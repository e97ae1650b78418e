"""What the rules make of what git knows of a migration, for each tool that compares checksums and one that does not."""

from __future__ import annotations

import pytest

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, SinceCommit, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

STAYS = (
    "This migration was in main with other statements: a database that has run it stays as it is, and is no longer like one "
    "that runs it now."
)
RESPACED = "This migration was in main with other comments or spaces: "
ANOTHER = "notices that the checksum is another"


def said(layout: str, since: SinceCommit) -> list[str]:
    source = Source(path="migration.sql", text="CREATE TABLE orders (id bigint PRIMARY KEY);\n")
    part = Part(script=read_script(source), wrapped=TransactionMode.ONE)
    migration = Migration(id="migration.sql", path="migration.sql", parts=(part,), since=since)
    result = lint([History(layout=layout, root=".", migrations=(migration,))], RULES, LintOptions())
    return [one.message for one in result.findings if one.rule == "shipped-migration-edited"]


@pytest.mark.parametrize(
    ("layout", "edited", "respaced"),
    [
        ("flyway", [f"{STAYS} flyway {ANOTHER}."], [f"{RESPACED}Flyway {ANOTHER}, and runs nothing on a database that has run it."]),
        ("sqlx", [f"{STAYS} sqlx {ANOTHER}."], [f"{RESPACED}sqlx {ANOTHER}, and runs nothing on a database that has run it."]),
        ("liquibase", [f"{STAYS} liquibase {ANOTHER}."], []),
        ("atlas", [f"{STAYS} atlas {ANOTHER}."], []),
        ("prisma", [f"{STAYS} prisma {ANOTHER}."], []),
        ("plain", [STAYS], []),
    ],
)  # fmt: skip
def test_a_tool_that_compares_checksums_stops_at_what_was_edited(
    layout: str, edited: list[str], respaced: list[str]
) -> None:
    assert said(layout, SinceCommit(ref="main", edited=True)) == edited
    assert said(layout, SinceCommit(ref="main", respaced=True)) == respaced
    assert said(layout, SinceCommit(ref="main")) == []
