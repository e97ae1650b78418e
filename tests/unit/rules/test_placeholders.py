"""Steps that name what the migration does not name, but its schema: by the placeholder that its author wrote for the schema."""

from __future__ import annotations

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source


def test_what_depends_on_a_table_is_named_by_the_placeholder() -> None:
    texts = (
        "CREATE TABLE s123.orders (id bigint); CREATE VIEW s123.open AS SELECT id FROM s123.orders;",
        "DROP TABLE s123.orders CASCADE;",
    )
    sources = [
        Source(path=f"{place}.sql", text=text, written=text.replace("s123", "${s}")) for place, text in enumerate(texts)
    ]
    migrations = tuple(
        Migration(id=one.path, path=one.path, parts=(Part(script=read_script(one), wrapped=TransactionMode.ONE),))
        for one in sources
    )
    found = lint([History(layout="plain", root=".", migrations=migrations)], RULES, LintOptions()).findings
    (taken,) = (one for one in found if one.rule == "drop-takes-dependents")
    assert (taken.fix.steps or "").splitlines()[-2:] == ["DROP VIEW ${s}.open;", "DROP TABLE ${s}.orders;"]
