"""The statements and questions of logical replication: a publication, a slot and a subscription, all three of one name."""

from __future__ import annotations

from migrasafe.plan.model import DIALLED
from migrasafe.plan.templates import filled
from migrasafe.sql.quote import quote_ident, quote_literal


def publish(name: str, table: str) -> str:
    return f"CREATE PUBLICATION {quote_ident(name)} FOR TABLE {table}"


def unpublish(name: str) -> str:
    return f"DROP PUBLICATION {quote_ident(name)}"


def is_published(name: str) -> str:
    return f"EXISTS (SELECT FROM pg_publication WHERE pubname = {quote_literal(name)})"


def create_slot(name: str) -> str:
    return f"SELECT pg_catalog.pg_create_logical_replication_slot({quote_literal(name)}, 'pgoutput')"


def has_slot(name: str) -> str:
    return f"EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = {quote_literal(name)})"


def drop_slot(name: str) -> str:
    late = f"the replication slot {name} is still read"
    return filled("moved_drop_slot.sql", slot=quote_literal(name), late=quote_literal(late)).strip()


def subscribe(name: str, *, copy: bool) -> str:
    """The slot is there already: one that is made at the same time could not be made from within a transaction."""
    quoted = quote_ident(name)
    statement = (
        f"CREATE SUBSCRIPTION {quoted} CONNECTION %L PUBLICATION {quoted}"
        f" WITH (create_slot = false, slot_name = {quoted}, copy_data = {'true' if copy else 'false'})"
    )
    words = {"statement": quote_literal(statement), "setting": quote_literal(DIALLED)}
    return filled("moved_subscribe.sql", **words).strip()


def unsubscribe(name: str) -> tuple[str, ...]:
    """The slot stays: the other database drops it itself, so that neither has to reach the other."""
    alter = f"ALTER SUBSCRIPTION {quote_ident(name)}"
    return (f"{alter} DISABLE", f"{alter} SET (slot_name = NONE)", f"DROP SUBSCRIPTION {quote_ident(name)}")


def is_subscribed(name: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_subscription WHERE subname = {quote_literal(name)}"
        " AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
