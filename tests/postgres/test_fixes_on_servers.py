"""Every fix that a rule offers runs on a real server, and leads to the schema to which the migration itself would lead.

New rules come in by themselves: the examples are the bad ones of their pages.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import psycopg
import pytest

from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import Connection
from migrasafe.rules.page import Page, page_ids, read_page
from migrasafe.schema.compare import differences
from migrasafe.schema.model import Schema, Table
from tests.fixes import Offer, offers, split, statements
from tests.postgres.servers import Database
from tests.postgres.test_rule_pages_on_servers import ROLES

page_of = cache(read_page)

ELSEWHERE = {
    "add-stored-generated-column": "a trigger computes it, which costs no rewrite",
    "unique-over-few-values": "the index takes rows with equal values",
    "view-with-rights-of-caller": "its tables get the privileges",
    "duplicate-index": "the one that does nothing is dropped",
    "set-expression-by-rewrite": "likewise",
    "add-column-of-constrained-domain": "a constraint asks the domain, since its own check would rewrite the table",
    "domain-constraint-scan": "each table has the constraint, not the domain",
    "rename-object-in-use": "a label cannot be dropped from an enum",
    "foreign-key-without-index": "the foreign key gets an index",
    "sequence-stays-integer": "the sequence follows the column",
    "disable-trigger": "it is enabled again",
    "detach-partition-without-concurrently": "CONCURRENTLY leaves a CHECK constraint in the place of the bound",
    "publish-without-replica-identity": "the table gets a replica identity",
    "enable-row-security-without-policy": "it gets a policy",
    "new-table-without-grants": "it gets the privileges",
    "recreate-without-grants": "likewise",
    "new-table-not-published": "it is published",
    "security-definer-without-search-path": "it has a search_path",
}
"""Rules whose fix ends with another schema, and why."""


MAJORS = (12, 15, 18)
"""For rules of which no major version is told apart."""


def differs_by_version(page: Page) -> bool:
    blocks = (*page.given, *page.bad, *page.good)
    return bool(page.facts.versions) or any(word.startswith("pg") for block in blocks for word in block.words)


def make(session: Connection, offer: Offer) -> None:
    """A fresh schema with what Given makes, and rows in its tables."""
    for (publication,) in session.execute("SELECT pubname FROM pg_publication").fetchall():
        session.execute(f'DROP PUBLICATION "{publication}"')
    made = (
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')"
    )
    for (schema,) in session.execute(made).fetchall():
        session.execute(f'DROP SCHEMA "{schema}" CASCADE')
    session.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; RESET ALL")
    for (method,) in session.execute("SELECT amname FROM pg_am WHERE oid >= 16384").fetchall():
        session.execute(f'DROP ACCESS METHOD "{method}"')
    session.execute(ROLES)
    for block in offer.page.before(offer.block):
        for statement in split(block.text):
            session.execute(statement)
    for relation in load_schema(session).relations.values():
        if isinstance(relation, Table):
            _insert(session, relation)


def _insert(session: Connection, table: Table) -> None:
    """A few rows, where the table takes such."""
    columns = [one for one in table.columns if one.identity is None and one.generated is None]
    names = ", ".join(f'"{one.name}"' for one in columns)
    for number in (1, 2):
        values = ", ".join(f"'{number}'" for _ in columns)
        with suppress(psycopg.Error):
            session.execute(f'INSERT INTO "{table.ref.schema}"."{table.ref.name}" ({names}) VALUES ({values})')


def run(session: Connection, sql: list[str], *, in_transaction: bool) -> psycopg.Error | None:
    """The error that ends the migration, if any."""
    try:
        for statement in ("BEGIN", *sql, "COMMIT") if in_transaction else sql:
            session.execute(statement)
    except psycopg.Error as error:
        session.execute("ROLLBACK")
        return error
    return None


@pytest.mark.postgres
@pytest.mark.parametrize("page_id", page_ids())
def test_a_fix_runs_and_leads_to_the_same_schema(page_id, each_major, request):
    if each_major not in MAJORS and not differs_by_version(page_of(page_id)):
        return
    database: Database = request.getfixturevalue("database")
    with database.connect() as session:
        for offer in offers(page_of(page_id), each_major):
            make(session, offer)
            failed = run(session, split(offer.block.text), in_transaction=offer.in_transaction)
            wanted = load_schema(session)
            make(session, offer)
            got = _fixed(session, offer)
            if failed is None and page_id not in ELSEWHERE:
                # The columns of an index keep the names that the table's columns had when it was made.
                found = [one for one in differences(wanted, got) if ": column names " not in one]
                assert found == [], offer.finding.fix


def _fixed(session: Connection, offer: Offer) -> Schema:
    (table,) = offer.finding.objects[:1] or (None,)
    table = ".".join(table.split(".")[:2]) if table is not None else None
    assert run(session, split(offer.before), in_transaction=False) is None
    for stage in offer.stages:
        error = run(session, statements(stage, table), in_transaction=stage.in_transaction)
        assert error is None, f"{stage.title}: {error}\n{stage.sql}"
    assert run(session, split(offer.after), in_transaction=False) is None, offer.after
    return load_schema(session)
