"""Every `migrasafe plan` that a finding names is a command that makes a plan of the change that the finding is about."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from migrasafe.cli.plan.command import plan as plan_command
from migrasafe.dsn import without_password
from migrasafe.rules.page import Block, Page, page_ids, read_page
from migrasafe.target import NEWEST, OLDEST
from tests.pages import examples, lint_for

page_of = cache(read_page)
MAJORS = (OLDEST, 15, NEWEST)


def commands(page: Page, block: Block, major: int) -> list[str]:
    return [one.fix.command for one in lint_for(page, block, major).findings if one.fix.command is not None]


def plan(command: str, folder: Path) -> tuple[int, str]:
    """What the command prints in a folder of migrations, and its exit status."""
    words = shlex.split(command)
    assert words[:2] == ["migrasafe", "plan"]
    done = CliRunner().invoke(plan_command, [*words[2:], "--out", str(folder / "plan")], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.parametrize("page_id", page_ids())
def test_the_command_of_a_finding_makes_a_plan(page_id, tmp_path, monkeypatch):
    page = page_of(page_id)
    for number, (block, _) in enumerate(examples(page)):
        known: set[str] = set()
        for major in MAJORS:
            for place, command in enumerate(commands(page, block, major) if major in block.majors else ()):
                if command in known:
                    continue
                known.add(command)
                folder = tmp_path / f"{number}-{major}-{place}"
                folder.mkdir()
                given = "\n".join(one.text for one in page.before(block))
                (folder / "given.sql").write_text(given, encoding="utf-8")
                (folder / "migration.sql").write_text(block.text, encoding="utf-8")
                monkeypatch.chdir(folder)
                status, said = plan(f"{command} --pg-version {major}", folder)
                assert (status, "written to" in said) == (0, True), f"{command}\n{said}"


def test_the_rules_whose_change_has_phases_name_the_command():
    named = {page_id for page_id in page_ids() if "\n  in phases: migrasafe plan " in page_of(page_id).text}
    assert named >= {
        "change-column-type",
        "drop-column-in-use",
        "drop-table-in-use",
        "rename-column-in-use",
        "rename-table-in-use",
        "set-not-null-by-full-scan",
    }


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://ann:secret@db/shop?sslmode=require", "postgresql://ann@db/shop?sslmode=require"),
        ("postgresql://ann@db/shop?password=secret", "postgresql://ann@db/shop"),
        ("postgresql://ann@db/shop?password=secret&sslmode=require", "postgresql://ann@db/shop?sslmode=require"),
        ("host=db password='a \\' b' dbname=shop", "host=db  dbname=shop"),
        ("host=db password=secret", "host=db"),
        ("db/schema.sql", "db/schema.sql"),
    ],
)
def test_a_command_shows_no_password(dsn, shown):
    found = without_password(dsn)
    assert re.sub(r"\s+", " ", found) == re.sub(r"\s+", " ", shown)
