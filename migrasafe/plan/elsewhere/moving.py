"""A table on its way to another database: what it is called on both sides, and the statements that are alike in both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import SCHEMA
from migrasafe.plan.elsewhere.replication import unsubscribe
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Table
from migrasafe.sql.quote import quote_ident, quote_literal

NEW = "new database"
"""What the plan calls the table's new home."""
OLD_DSN, NEW_DSN = "MIGRASAFE_OLD_DSN", "MIGRASAFE_NEW_DSN"
"""The variables that say how the one reaches the other."""
MOST_SECONDS = 5
"""How long writers wait, at most, before the table is left open and the next attempt is made."""
MARGIN = 1000
_LONGEST = 40


class Moving(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    home: str
    """Where it goes, in people's words."""
    numbered: tuple[str, ...]
    """The columns that a sequence numbers."""

    @property
    def name(self) -> str:
        return name_of(self.table.ref)

    @property
    def there(self) -> str:
        """Publication, slot and subscription of what goes there …"""
        return "migrasafe_" + re.sub(r"[^a-z0-9_]", "_", self.ground.id.lower())[:_LONGEST]

    @property
    def back(self) -> str:
        """… and comes back after the switch."""
        return f"{self.there}_back"

    @property
    def trigger(self) -> str:
        return f"!migrasafe_{self.ground.id}_closed"

    @property
    def compared(self) -> str:
        return f"{SCHEMA}.{quote_ident(f'{self.ground.id}_compared')}"

    @property
    def function(self) -> str:
        return f"{SCHEMA}.{quote_ident(f'{self.ground.id}_closed')}"

    # --- questions ---

    @property
    def is_closed(self) -> str:
        return predicates.trigger_exists(self.table.ref, self.trigger)

    @property
    def is_gone(self) -> str:
        """Whether the database has no table of that name."""
        return f"{predicates.relation(self.table.ref)} IS NULL"

    # --- statements ---

    def close(self, open_at: str) -> Iterator[str]:
        """Nobody but replication writes here any more."""
        yield f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"
        yield filled(
            "moved_closed.sql",
            function=self.function,
            message=quote_literal(f"{self.table.ref} is not written in this database, but in {open_at}"),
            hint=quote_literal("A client that knows both databases tries again there, until it is let in."),
        ).strip()
        yield (
            f"CREATE TRIGGER {quote_ident(self.trigger)} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {self.name}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {self.function}()"
        )

    def close_when_arrived(self, open_at: str, slot: str) -> Iterator[str]:
        """Likewise, of a table in use: writers wait until the other database has everything, and are then refused."""
        yield f"LOCK TABLE {self.name} IN SHARE ROW EXCLUSIVE MODE"
        yield filled(
            "moved_arrived.sql",
            seconds=MOST_SECONDS,
            slot=quote_literal(slot),
            late=quote_literal(
                f"not everything had arrived in {open_at} after {MOST_SECONDS} s: the table is open as before"
            ),
            hint=quote_literal(
                f"pg_replication_slots tells of {slot}, and the other server's log why it does not get on."
            ),
        ).strip()
        yield from self.close(open_at)

    def open(self) -> Iterator[str]:
        for column in self.numbered:
            yield filled(
                "moved_numbers.sql",
                quoted=quote_literal(self.name),
                column=quote_literal(column),
                value=quote_ident(column),
                table=self.name,
                sequence=self._sequence(column),
                margin=MARGIN,
            ).strip()
        yield f"DROP TRIGGER {quote_ident(self.trigger)} ON {self.name}"
        yield f"DROP FUNCTION {self.function}()"

    def _sequence(self, column: str) -> str:
        from migrasafe.plan.objects.sequences import sequence_of

        found = sequence_of(self.ground.schema, self.table.ref, column)
        assert found is not None  # for `numbered` holds only those of which it is known
        return name_of(found.ref)

    def emptied(self, subscription: str | None) -> str:
        """What has been copied goes, with the subscription that brought it."""
        unsubscribed = "".join(f"  {one};\n" for one in unsubscribe(subscription)) if subscription is not None else ""
        return filled(
            "moved_emptied.sql",
            closed=self.is_closed,
            refusal=quote_literal(f"{self.table.ref} is written in this database: nothing of it is taken away"),
            unsubscribed=unsubscribed.rstrip("\n"),
            table=self.name,
            trigger=quote_ident(self.trigger),
        ).strip()
