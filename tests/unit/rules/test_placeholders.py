"""A fix over a name that stood for a placeholder has the placeholder, as its author wrote it."""

from __future__ import annotations

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source


def test_steps_name_the_schema_by_its_placeholder() -> None:
    texts = ("CREATE TABLE s123.orders (id bigint);", "ALTER TABLE s123.orders ADD CONSTRAINT sane CHECK (id > 0);")
    sources = [
        Source(path=f"{place}.sql", text=text, written=text.replace("s123", "${s}")) for place, text in enumerate(texts)
    ]
    migrations = tuple(
        Migration(id=one.path, path=one.path, parts=(Part(script=read_script(one), wrapped=TransactionMode.ONE),))
        for one in sources
    )
    found = lint([History(layout="plain", root=".", migrations=migrations)], RULES, LintOptions()).findings
    (check,) = (one for one in found if one.rule == "add-check-without-not-valid")
    assert (check.fix.steps or "").splitlines() == [
        "-- 1. one migration",
        "ALTER TABLE ${s}.orders ADD CONSTRAINT sane CHECK (id > 0) NOT VALID;",
        "-- 2. the next migration, in a transaction of its own",
        "ALTER TABLE ${s}.orders VALIDATE CONSTRAINT sane;",
    ]
