"""An audit says “fine” only of what was looked up."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tools.audit import LOCK, verdict

FINE = {"name": "click", "version": "8.1", "vulns": []}
HOLE = {"name": "jinja2", "version": "3.1", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "rich", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([FINE], 0, "1 packages, no known hole"),
        ([FINE, HOLE, UNKNOWN], 1, "jinja2 3.1: PYSEC-1"),
        ([FINE, UNKNOWN], 2, "not audited: 1 of 2 packages could not be looked up (is there a network?)"),
        ([], 2, "not audited: 0 of 0 packages could not be looked up (is there a network?)"),
    ],
)
def test_what_was_not_looked_up_is_not_fine(packages: list[object], status: int, words: str) -> None:
    assert verdict(json.dumps({"dependencies": packages}), "") == (status, words)


def test_where_the_audit_did_not_run_its_last_words_are_shown() -> None:
    assert verdict("", "No module named\nConnection refused\n") == (2, "not audited: Connection refused")


def test_every_dependency_is_locked_with_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9.-]+)(?:\[\S+\])?==\S+.*\n +--hash=(sha256:[0-9a-f]{64})", text, re.M))
    project = tomllib.loads((LOCK.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        one
        for extra in ("dev", "sandbox", "docker", "lsp", "django")
        for one in project["optional-dependencies"][extra]
    ]
    names = {re.split(r"[\[~<>=;]", one)[0].lower() for one in (*wanted, *project["dependencies"])}
    assert names - {"migrasafe"} <= locked.keys()
    assert "://" not in text
