"""A table's rows move to another PostgreSQL database: copied and followed, compared, handed over, and let go here."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.beside import ref_aside
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.elsewhere import made, steps
from migrasafe.plan.elsewhere.moving import MARGIN, MOST_SECONDS, Moving
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Gate, Moved, Phase, PhaseName
from migrasafe.plan.objects.sequences import sequence_of
from migrasafe.plan.table_swap.belongings import foreign_keys_from, views_over
from migrasafe.schema.model import ColumnRef, RelationKind, Table
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Name, Persistence

_NEAR_BYTES = 16 * 1024 * 1024


class MoveToDatabase(Struct, frozen=True, kw_only=True):
    table: Name
    home: str
    """The other database, in people's words, without a password."""

    def plan(self, ground: Ground) -> Draft:
        """By logical replication: there, then back. Raises NoPlanError for a table that it cannot carry."""
        table = table_of(ground, self.table)
        for reason in _in_the_way(ground, table):
            raise NoPlanError(f"{table.ref} cannot move to another database: {reason}")
        made.refuse_unwritten(ground, table)
        key = table.primary_key
        assert key is not None  # or it would be in the way
        it = Moving(ground=ground, table=table, home=self.home, numbered=tuple(_numbered(ground, table)))
        return Draft(
            title=f"move {table.ref} to {self.home}",
            tables=(table.ref, ref_aside(table.ref)),
            phases=tuple(self._phases(it)),
            why=tuple(_why(table)),
            by_hand=tuple(_by_hand(ground, it)),
            moved=Moved(
                table=it.name,
                key=key.columns,
                columns=tuple(one.name for one in table.columns if one.generated is None or one.generated_stored),
                compared=it.compared,
                tolerated=ground.tolerated,
            ),
            names_gone=(ColumnRef(table.ref, None),),
        )

    def _phases(self, it: Moving) -> Iterator[Phase]:
        table, home = str(it.table.ref), self.home
        before = f"reads and writes {table} in the old database"
        yield Phase(
            name=PhaseName.EXPAND,
            title=f"{table} is made in {home}, empty, and nobody writes it there",
            old_app="goes on as before",
            new_app="is not deployed yet",
            gates=tuple(_stays_behind(it)),
            steps=(steps.make_room(it), *steps.make_types(it.ground, it.table), steps.make_table(it)),
        )
        yield Phase(
            name=PhaseName.DUAL_WRITE,
            title=f"Every write of {table} reaches {home}; the rows from before are copied",
            old_app=before,
            new_app=f"{before}; may read it in {home}, where rows come a moment later",
            gates=(_can_send(),),
            steps=steps.send(it),
        )
        yield Phase(
            name=PhaseName.VERIFY,
            title="Both databases are compared, row by row, while people write",
            old_app=before,
            new_app=f"{before}, and reads in both to compare, if you like",
            deploy="Run `migrasafe compare` on this folder until nothing differs; with `--sample 1000` it reads keys at random on"
            " both sides and tells the rate at which they differ.",
        )
        yield Phase(
            name=PhaseName.SWITCH,
            title=f"{table} is written in {home}; the old database follows, and refuses writes",
            old_app="does not run any more: it knows the old database only",
            new_app=f"reads and writes where it is let in: first in the old database, then in {home}",
            deploy=f"Deploy the version of the app that knows both databases, everywhere: where a write of {table} is refused (25006,"
            " read_only_sql_transaction) it tries again in the other one until it is let in, and reads there from then on.",
            gates=(
                _compared(it),
                _near(it),
                old_version_gone(f"{table} in the old database", it.ground.old_application_name),
            ),
            steps=steps.hand_over(it),
        )
        yield Phase(
            name=PhaseName.CONTRACT,
            title=f"{table} goes from the old database: out of sight first, for good when nobody has missed it",
            old_app="does not run any more",
            new_app=f"reads and writes {table} in {home}",
            deploy=f"Deploy the version of the app that knows {home} only, everywhere.",
            gates=(_settled(it),),
            steps=steps.let_go(it),
        )


def _in_the_way(ground: Ground, table: Table) -> Iterator[str]:
    schema, ref = ground.schema, table.ref
    if not table.complete:
        yield "not every column of it is known: give a dump or a DSN with --schema"
    if table.kind is not RelationKind.TABLE or table.partition_of is not None or table.inherits or table.children:
        yield "it is partitioned, a partition, or inherits: move its partitions as tables of their own, one by one"
    if table.persistence is not Persistence.PERMANENT:
        yield "it is UNLOGGED, and nothing of it is in the log that replication reads; SET LOGGED before"
    if table.primary_key is None:
        yield "it has no primary key, by which rows are told apart on both sides: add one before"
    if table.replica_identity == "nothing":
        yield "its REPLICA IDENTITY is NOTHING, so that no UPDATE or DELETE could be sent: set it to DEFAULT before"
    if table.rewritten:
        yield "a rule decides what writing to it does"
    for child, one in foreign_keys_to(schema, ref):
        if child.ref != ref:
            yield (
                f"{child.ref} refers to it, which no database checks in another: drop its constraint {one.name} before, and let"
                " the app look after that, or move both tables, this one last"
            )
    for view in views_over(schema, ref):
        yield f"the view {view.ref} reads it, and could not from another database: drop or change the view before"


def _numbered(ground: Ground, table: Table) -> Iterator[str]:
    for column in table.columns:
        if sequence_of(ground.schema, table.ref, column.name) is not None:
            yield column.name


def _stays_behind(it: Moving) -> Iterator[Gate]:
    """What cannot come along, and people have to have thought of."""
    keys = foreign_keys_from(it.table)
    if keys:
        listed = ", ".join(f"{one.name} to {one.target}" for one in keys)
        yield Gate(
            id="foreign-keys-stay",
            question=f"Can the app do without the foreign keys of {it.table.ref} ({listed})?",
            query=None,
            otherwise="No database checks a key against a table of another one, and ON DELETE does nothing there: let the app"
            " look after that, or move those tables before.",
        )
    triggers = [one.name for one in it.table.triggers]
    if triggers:
        yield Gate(
            id="triggers-stay",
            question=f"Is there somebody in the new database who does what the triggers of {it.table.ref} do"
            f" ({', '.join(triggers)})?",
            query=None,
            otherwise="Triggers are not copied, for what they call may not be there: create them in the new database when the"
            " table is made; as ordinary triggers they do not fire for rows that replication brings.",
        )


def _can_send() -> Gate:
    return Gate(
        id="old-database-can-send",
        question="Does the old database write what logical replication reads, and has it room for one more reader?",
        query="SELECT CASE WHEN current_setting('wal_level') <> 'logical' THEN 'wal_level is ' || current_setting('wal_level')"
        " WHEN (SELECT count(*) FROM pg_replication_slots) + 2 > current_setting('max_replication_slots')::int"
        " THEN 'no replication slots left' ELSE 'yes' END",
        expected="yes",
        otherwise="Set wal_level = logical, and max_replication_slots and max_wal_senders two higher than now, and restart the"
        " server.",
    )


def _compared(it: Moving) -> Gate:
    allowed = f"{it.ground.tolerated:.12g} * rows" if it.ground.tolerated is not None else "0"
    return Gate(
        id="both-say-the-same",
        question="Has the last comparison of all rows, within the last hour, found both databases the same?",
        query=f"SELECT coalesce((SELECT CASE WHEN differing <= {allowed} THEN 'the same' ELSE differing || ' of ' || rows ||"
        f" ' rows differ' END FROM {it.compared} WHERE NOT sampled AND at > now() - interval '1 hour'"
        " ORDER BY at DESC LIMIT 1), 'not compared')",
        expected="the same",
        otherwise="Run `migrasafe compare` on this folder; it names the keys of rows that differ.",
    )


def _near(it: Moving) -> Gate:
    behind = "pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)"
    return Gate(
        id="new-database-is-near",
        question="Is the new database so near that what is on its way arrives within a second or so?",
        query=f"SELECT coalesce((SELECT CASE WHEN {behind} < {_NEAR_BYTES} THEN 'near' ELSE pg_size_pretty({behind}) || ' behind'"
        f" END FROM pg_replication_slots WHERE slot_name = {quote_literal(it.there)}), 'there is no slot')",
        expected="near",
        otherwise="Wait until it has caught up, at an hour when less is written: writers wait for it in the switch.",
    )


def _settled(it: Moving) -> Gate:
    return Gate(
        id="new-database-settled",
        question=f"Has {it.table.ref} been written in the new database for long enough that nobody wants to go back?",
        query=None,
        otherwise="Wait: until this phase the switch can be taken back without losing a row; after it, only by copying again.",
    )


def _why(table: Table) -> Iterator[str]:
    yield (
        f"logical replication carries {table.ref}: its primary key tells rows apart, the copy and all that is written meanwhile come"
        " from one snapshot on, and no app has to write twice, where one of the two writes can fail"
    )
    yield (
        f"exactly one database takes writes at any time: the old one is closed in a transaction that waits, with writers waiting"
        f" behind it for {MOST_SECONDS} s at most, until the new one has everything; the new one is opened after that"
    )
    yield (
        "from the switch on the new database sends what it writes back to the old one: the switch is taken back in the same way, and"
        " no row is lost"
    )
    yield (
        "the switch is a short window for writers: as long as the last rows need to arrive, and four runs of psql; about a second or"
        " two where the new database is near; readers do not wait"
    )


def _by_hand(ground: Ground, it: Moving) -> Iterator[str]:
    table = it.table
    yield (
        "MIGRASAFE_OLD_DSN and MIGRASAFE_NEW_DSN, in the environment of psql, say how the new database reaches the old one and the"
        " other way round, for a role that may replicate: with service=… or passfile=… no statement and no log holds a password"
    )
    yield "what is between the two databases: the servers have to reach each other, pg_hba.conf and firewalls included"
    roles = sorted({one.role for one in table.grants} - {"public"} | ({table.owner} - {None} if table.owner else set()))
    if roles:
        yield f"roles that the table names have to be in the new database: {', '.join(str(one) for one in roles)}"
    extensions = [name for name in sorted(ground.schema.extensions) if name != "plpgsql"]
    if extensions:
        yield f"extensions whose types or functions the table uses have to be in the new database: {', '.join(extensions)}"
    if it.numbered:
        yield (
            f"the numbers of {', '.join(it.numbered)} go on {MARGIN} behind the highest in each switch, for sequences are not"
            " replicated"
        )
    objects = [one.name for one in table.columns if one.type is not None and one.type.name in ("oid", "lo")]
    if objects:
        yield f"large objects are not replicated: {', '.join(objects)} may hold their numbers; copy them by other means"
    yield (
        "a change of the table's columns while the plan is under way stops replication until the other database has it, too: leave"
        " it for before or after"
    )
    yield (
        "while the new database cannot be reached, the old one keeps all WAL for it, and its disk fills: watch"
        f" pg_replication_slots ({it.there}; after the switch {it.back} in the new database), or set max_slot_wal_keep_size"
    )
    yield "one transaction cannot change this table and another one of the old database together any more"
