"""The steps by which a table gets to another database, and back."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import SCHEMA
from migrasafe.plan.elsewhere import made, moving
from migrasafe.plan.elsewhere.moving import NEW, NEW_DSN, OLD_DSN, Moving
from migrasafe.plan.model import Step
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Table
from migrasafe.sql.quote import quote_ident, quote_literal

HERE = "the old database"


def make_types(ground: Ground, table: Table) -> tuple[Step, ...]:
    """Those of its columns; one that the other database has already is left as it is."""
    found = []
    for ref, create in made.types_of(ground, table):
        there = f"to_regtype({quote_literal(name_of(ref))})"
        kind = "DOMAIN" if create.startswith("CREATE DOMAIN") else "TYPE"
        used = f"EXISTS (SELECT FROM pg_depend WHERE refobjid = {there} AND deptype = 'n')"
        schemas = (f"CREATE SCHEMA IF NOT EXISTS {quote_ident(ref.schema)}",) if ref.schema != "public" else ()
        found.append(
            Step(
                title=f"Make the type {ref}",
                statements=(*schemas, create),
                done=f"{there} IS NOT NULL",
                undo=(f"DROP {kind} {name_of(ref)}",),
                undoable=f"({there} IS NOT NULL AND NOT {used})",
                stays=f"the schema {ref.schema}" if schemas else "",
                database=NEW,
            )
        )
    return tuple(found)


def make_table(it: Moving) -> Step:
    """Empty, and closed: nobody but replication writes it."""
    return Step(
        title=f"Make {it.table.ref}, empty, and closed to everybody but replication",
        statements=(
            filled("moved_can_send.sql").strip(),
            *made.statements(it.ground, it.table),
            *it.close(HERE),
        ),
        done=predicates.relation_exists(it.table.ref),
        undo=(
            it.emptied(None),
            f"DROP TABLE {it.name}",
            f"DROP FUNCTION {it.function}()",
        ),
        stays="the schemas that were made",
        database=NEW,
    )


def make_room(it: Moving) -> Step:
    return Step(
        title="Make the place where comparisons tell what they have found",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            f"CREATE TABLE {it.compared} (at timestamptz PRIMARY KEY DEFAULT clock_timestamp(), rows bigint NOT NULL,"
            " differing bigint NOT NULL, sampled boolean NOT NULL)",
        ),
        done=f"to_regclass({quote_literal(it.compared)}) IS NOT NULL",
        past=it.is_gone,
        undo=(f"DROP TABLE {it.compared}",),
    )


def send(it: Moving) -> tuple[Step, ...]:
    """Every change there, and all rows of before."""
    over = f"({it.is_closed} OR {it.is_gone})"
    return (
        Step(
            title=f"Publish {it.table.ref}",
            statements=(moving.publish(it.there, it.name),),
            done=moving.is_published(it.there),
            past=over,
            undo=(f"DROP PUBLICATION {it.there}",),
        ),
        Step(
            title="Keep what is written from now on for the new database",
            statements=(moving.create_slot(it.there),),
            done=moving.has_slot(it.there),
            past=over,
            undo=(moving.drop_slot(it.there),),
            long=True,
        ),
        Step(
            title=f"Copy {it.table.ref}, and follow what is written there",
            statements=(moving.subscribe(it.there, copy=True),),
            done=moving.is_subscribed(it.there),
            past=f"({moving.is_published(it.back)} OR NOT {it.is_closed})",
            undo=(it.emptied(it.there),),
            long=True,
            database=NEW,
            dials=OLD_DSN,
        ),
    )


def hand_over(it: Moving) -> tuple[Step, ...]:
    """From the last write here to the first there; what is written there comes back, so that there is a way back."""
    gone = it.is_gone
    unpublished = f"NOT {moving.is_published(it.there)}"
    opened = f"({predicates.relation_exists(it.table.ref)} AND NOT {it.is_closed})"
    done_there = f"({opened} AND NOT {moving.is_published(it.back)})"
    return (
        Step(
            title=f"Close {it.table.ref} as soon as the new database has everything",
            statements=tuple(it.close_when_arrived(it.home, it.there)),
            done=it.is_closed,
            past=gone,
            undo=tuple(it.open()),
        ),
        Step(
            title="Follow no more",
            statements=moving.unsubscribe(it.there),
            done=f"NOT {moving.is_subscribed(it.there)}",
            undo=(moving.subscribe(it.there, copy=False),),
            long=True,
            database=NEW,
            dials=OLD_DSN,
        ),
        Step(
            title=f"Publish {it.table.ref} to the old database",
            statements=(moving.publish(it.back, it.name),),
            done=moving.is_published(it.back),
            past=opened,
            undo=(f"DROP PUBLICATION {it.back}",),
            database=NEW,
        ),
        Step(
            title="Keep what will be written here for the old database",
            statements=(moving.create_slot(it.back),),
            done=moving.has_slot(it.back),
            past=done_there,
            undo=(moving.drop_slot(it.back),),
            long=True,
            database=NEW,
        ),
        Step(
            title="Keep nothing for the new database any more",
            statements=(moving.drop_slot(it.there),),
            done=f"NOT {moving.has_slot(it.there)}",
            undo=(moving.create_slot(it.there),),
            undoable=f"({it.is_closed} AND NOT {moving.has_slot(it.there)})",
            long=True,
        ),
        Step(
            title="Follow what is written in the new database",
            statements=(moving.subscribe(it.back, copy=False),),
            done=moving.is_subscribed(it.back),
            past=f"({gone} OR {unpublished})",
            undo=moving.unsubscribe(it.back),
            long=True,
            dials=NEW_DSN,
        ),
        Step(
            title=f"Open {it.table.ref}",
            statements=tuple(it.open()),
            done=opened,
            undo=tuple(it.close_when_arrived(HERE, it.back)),
            database=NEW,
        ),
    )


def let_go(it: Moving) -> tuple[Step, ...]:
    """Nothing comes back any more; the old table goes out of sight, then for good."""
    aside = ref_aside(it.table.ref)
    gone = it.is_gone
    return (
        Step(
            title="Follow what is written in the new database no more",
            statements=moving.unsubscribe(it.back),
            done=f"NOT {moving.is_subscribed(it.back)}",
            undo=(it.emptied(None), moving.subscribe(it.back, copy=True)),
            undoable=f"({it.is_closed} AND NOT {moving.is_subscribed(it.back)})",
            long=True,
            dials=NEW_DSN,
            stays="all rows are copied from the new database again, and the switch can be taken back only then",
        ),
        Step(
            title=f"Publish {it.table.ref} no more",
            statements=(f"DROP PUBLICATION {it.there}",),
            done=f"NOT {moving.is_published(it.there)}",
            undo=(moving.publish(it.there, it.name),),
            undoable=f"(NOT {moving.is_published(it.there)} AND NOT {gone})",
        ),
        Step(
            title=f"Take {it.table.ref} out of sight; it is kept as {aside.name}",
            statements=(f"ALTER TABLE {it.name} RENAME TO {quote_ident(aside.name)}",),
            done=gone,
            undo=(f"ALTER TABLE {name_of(aside)} RENAME TO {quote_ident(it.table.ref.name)}",),
            undoable=predicates.relation_exists(aside),
        ),
        Step(
            title="Keep nothing for the old database any more",
            statements=(moving.drop_slot(it.back),),
            done=f"NOT {moving.has_slot(it.back)}",
            undo=(moving.create_slot(it.back),),
            undoable=f"({moving.is_published(it.back)} AND NOT {moving.has_slot(it.back)})",
            long=True,
            database=NEW,
        ),
        Step(
            title=f"Publish {it.table.ref} to the old database no more",
            statements=(f"DROP PUBLICATION {it.back}",),
            done=f"NOT {moving.is_published(it.back)}",
            undo=(moving.publish(it.back, it.name),),
            undoable=f"(NOT {moving.is_published(it.back)} AND {predicates.relation_exists(it.table.ref)})",
            database=NEW,
        ),
        Step(
            title=f"Drop {aside.name} for good",
            statements=(
                f"DROP TABLE {name_of(aside)}",
                f"DROP FUNCTION {it.function}()",
                f"DROP TABLE {it.compared}",
            ),
            done=f"{gone} AND {predicates.relation(aside)} IS NULL",
            loses=f"the rows of {it.table.ref} in the old database: those in the new one are all that there are",
        ),
    )
