"""The steps by which a table gets to another database, and back."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import SCHEMA
from migrasafe.plan.elsewhere import made, replication
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
        there = predicates.type_of(ref)
        kind = "DOMAIN" if create.startswith("CREATE DOMAIN") else "TYPE"
        used = f"EXISTS (SELECT FROM pg_depend WHERE refobjid = {there} AND deptype = 'n')"
        schemas = (f"CREATE SCHEMA IF NOT EXISTS {quote_ident(ref.schema)}",) if ref.schema != "public" else ()
        found.append(
            Step(
                title=f"Make the type {ref}",
                statements=(*schemas, create),
                done=predicates.type_exists(ref),
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
        _publish(f"Publish {it.table.ref}", it, it.there, past=over),
        _keep_changes("Keep what is written from now on for the new database", it.there, past=over),
        Step(
            title=f"Copy {it.table.ref}, and follow what is written there",
            statements=(replication.subscribe(it.there, copy=True),),
            done=replication.is_subscribed(it.there),
            past=f"({replication.is_published(it.back)} OR NOT {it.is_closed})",
            undo=(it.emptied(it.there),),
            long=True,
            database=NEW,
            dials=OLD_DSN,
        ),
    )


def hand_over(it: Moving) -> tuple[Step, ...]:
    """From the last write here to the first there; what is written there comes back, so that there is a way back."""
    gone = it.is_gone
    unpublished = f"NOT {replication.is_published(it.there)}"
    opened = f"({predicates.relation_exists(it.table.ref)} AND NOT {it.is_closed})"
    done_there = f"({opened} AND NOT {replication.is_published(it.back)})"
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
            statements=replication.unsubscribe(it.there),
            done=f"NOT {replication.is_subscribed(it.there)}",
            undo=(replication.subscribe(it.there, copy=False),),
            long=True,
            database=NEW,
            dials=OLD_DSN,
        ),
        _publish(f"Publish {it.table.ref} to the old database", it, it.back, past=opened, database=NEW),
        _keep_changes("Keep what will be written here for the old database", it.back, past=done_there, database=NEW),
        _let_changes_go("Keep nothing for the new database any more", it.there, undoable=it.is_closed),
        Step(
            title="Follow what is written in the new database",
            statements=(replication.subscribe(it.back, copy=False),),
            done=replication.is_subscribed(it.back),
            past=f"({gone} OR {unpublished})",
            undo=replication.unsubscribe(it.back),
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
            statements=replication.unsubscribe(it.back),
            done=f"NOT {replication.is_subscribed(it.back)}",
            undo=(it.emptied(None), replication.subscribe(it.back, copy=True)),
            undoable=f"({it.is_closed} AND NOT {replication.is_subscribed(it.back)})",
            long=True,
            dials=NEW_DSN,
            stays="all rows are copied from the new database again, and the switch can be taken back only then",
        ),
        _unpublish(f"Publish {it.table.ref} no more", it, it.there, undoable=f"NOT {gone}"),
        Step(
            title=f"Take {it.table.ref} out of sight; it is kept as {aside.name}",
            statements=(f"ALTER TABLE {it.name} RENAME TO {quote_ident(aside.name)}",),
            done=gone,
            undo=(f"ALTER TABLE {name_of(aside)} RENAME TO {quote_ident(it.table.ref.name)}",),
            undoable=predicates.relation_exists(aside),
        ),
        _let_changes_go(
            "Keep nothing for the old database any more",
            it.back,
            undoable=replication.is_published(it.back),
            database=NEW,
        ),
        _unpublish(
            f"Publish {it.table.ref} to the old database no more",
            it,
            it.back,
            undoable=predicates.relation_exists(it.table.ref),
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


def _publish(title: str, it: Moving, name: str, *, past: str, database: str = "") -> Step:
    return Step(
        title=title,
        statements=(replication.publish(name, it.name),),
        done=replication.is_published(name),
        past=past,
        undo=(replication.unpublish(name),),
        database=database,
    )


def _unpublish(title: str, it: Moving, name: str, *, undoable: str, database: str = "") -> Step:
    gone = f"NOT {replication.is_published(name)}"
    return Step(
        title=title,
        statements=(replication.unpublish(name),),
        done=gone,
        undo=(replication.publish(name, it.name),),
        undoable=f"({gone} AND {undoable})",
        database=database,
    )


def _keep_changes(title: str, slot: str, *, past: str, database: str = "") -> Step:
    return Step(
        title=title,
        statements=(replication.create_slot(slot),),
        done=replication.has_slot(slot),
        past=past,
        undo=(replication.drop_slot(slot),),
        long=True,
        database=database,
    )


def _let_changes_go(title: str, slot: str, *, undoable: str, database: str = "") -> Step:
    gone = f"NOT {replication.has_slot(slot)}"
    return Step(
        title=title,
        statements=(replication.drop_slot(slot),),
        done=gone,
        undo=(replication.create_slot(slot),),
        undoable=f"({undoable} AND {gone})",
        long=True,
        database=database,
    )
