"""Functions that are on the server already, and that a migration calls."""

from __future__ import annotations

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SETUP = """
CREATE TABLE orders (id int, note text);
CREATE FUNCTION make_index(tab text, col text DEFAULT 'note') RETURNS void LANGUAGE plpgsql AS
$$ BEGIN EXECUTE format('CREATE INDEX %I ON %I (%I)', tab || '_' || col, tab, col); END $$;
CREATE PROCEDURE drop_it() LANGUAGE sql AS 'DROP TABLE orders';
"""


def test_functions_of_the_server_are_checked_when_they_are_called(each_major, database):
    database.execute(SETUP)
    with database.connect() as session:
        schema = load_schema(session)
    found = []
    for sql in ("SELECT make_index('orders')", "CALL drop_it()"):
        part = Part(script=read_script(Source(path="m.sql", text=sql)))
        history = History(layout="plain", root=".", migrations=(Migration(id="m", path="m.sql", parts=(part,)),))
        options = LintOptions(schema=schema, target=Target(pg_version=each_major, pg_version_assumed=False))
        findings = lint([history], RULES, options).findings
        found.append([(one.rule, one.objects) for one in findings if one.severity.value == "error"])
    assert found == [
        [("create-index-without-concurrently", ("public.orders",))],
        [("drop-table-in-use", ("public.orders",))],
    ]
