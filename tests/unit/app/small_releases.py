"""Releases of a few lines, and the verdict on them."""

from __future__ import annotations

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.model import App, Mention, Origin, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import CompatResult
from migrasafe.migrations.model import History, Migration, Part
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

SHOP = """
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric NOT NULL, note text, legacy text DEFAULT 'x',
  state state, code text NOT NULL DEFAULT '');
CREATE VIEW recent AS SELECT id, legacy FROM orders;
CREATE FUNCTION fee(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT amount * 2';
"""


def app(*queries: str | Query, words: dict[str, tuple[Mention, ...]] | None = None) -> App:
    """An app that sends these."""
    made = tuple(
        Query(sql=one, location=SourceLocation("app.sql", place + 1), origin=Origin.QUERY_FILE)
        if isinstance(one, str)
        else one
        for place, one in enumerate(queries)
    )
    return App(label="app", queries=made, words=words or {})


def history(*scripts: str) -> History:
    migrations = []
    for number, sql in enumerate(scripts, start=1):
        path = f"{number:04}.sql"
        script = read_script(Source(path=path, text=sql))
        migrations.append(Migration(id=f"{number:04}", path=path, parts=(Part(script=script),)))
    return History(layout="plain", root=".", migrations=tuple(migrations))


def judge(migrations: str | tuple[str, ...], old: App, new: App, schema: str = SHOP) -> CompatResult:
    scripts = (migrations,) if isinstance(migrations, str) else migrations
    before = schema_from_script(read_script(Source(path="", text=schema)))
    return compat([history(*scripts)], old, new, CompatOptions(schema=before))


READ = "SELECT id FROM orders"
