"""What a person can do with a statement that has no plan."""

from __future__ import annotations

from migrasafe.sql import statements as sql
from migrasafe.sql.builtin.called import function_calls, is_known_function
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_name
from migrasafe.sql.statements import Action, Statement


def reads_or_calls(statement: sql.Select) -> bool:
    """Whether a query does more than give a value that it says itself."""
    return any(kind in ("RangeVar", "FuncCall") for kind, _ in walk(statement.query.node))


def instead_of(statement: Statement) -> str:
    """What a person can do."""
    match statement:
        case sql.CreateTableAs():
            return (
                "its rows are those of one moment, and what is written meanwhile would be missing; make the table first, keep it in"
                " step by triggers, and copy in batches"
            )
        case sql.Select() if not all(map(is_known_function, function_calls(statement.query.node))):
            return (
                "what the function does is decided when it runs: write out the statements that it comes to, or call it in a"
                " migration of its own"
            )
        case sql.Select():
            return (
                "a query changes nothing, and what a program does with its answer is not to be seen: put what changes the schema into"
                " a migration of its own, and what changes rows into a job for `migrasafe backfill`"
            )
        case sql.DoBlock():
            return (
                "what a block does is decided when it runs; write out the statements that it comes to, without the block (IF NOT"
                " EXISTS is not needed: steps see whether they are done)"
            )
        case sql.Truncate():
            return (
                "it takes away what the new version has written as well, and lets nobody use"
                f" {', '.join(map(str, statement.tables))} until it is over. Say which rows go, in batches"
                f" (`migrasafe plan delete {statement.tables[0]} 'CONDITION'`), or drop the table when the old version is gone"
                f" (`migrasafe plan drop {statement.tables[0]}`); what nothing uses meanwhile is emptied in an instant, whatever its"
                " size: run it by hand, SET lock_timeout = '2s' before it"
            )
        case sql.Merge() | sql.Copy():
            return (
                "rows that come and go while both versions write belong into batches: write them as INSERT … VALUES, UPDATE or DELETE"
                " with a condition, which are planned, or load them by a program of your own that can be run again"
            )
        case sql.CreateRule():
            return (
                f"a rule says what the statements of both versions on {statement.table} mean, and the old one was not written for it:"
                " a trigger (CREATE TRIGGER, which is planned) does most of it row by row"
            )
        case sql.Rename(kind="SCHEMA"):
            return (
                f"every name in it would change for both versions at once: CREATE SCHEMA {statement.new_name}, then `migrasafe plan"
                f" move {statement.name}.TABLE {statement.new_name}` for each table, which both versions find meanwhile"
            )
        case sql.Drop(kind="SCHEMA"):
            return (
                "drop what is in it by a plan each (`migrasafe plan drop`, `drop-view`, `drop-function`, `drop-type`), and run DROP"
                " SCHEMA without CASCADE by hand at the end: it fails as long as something is left"
            )
        case sql.AlterExtension() | sql.Drop(kind="EXTENSION"):
            return (
                "what an extension changes is written in its own scripts, which a plan cannot see: read its release notes, try it"
                " with `migrasafe rehearse` on a copy, and run it by itself with SET lock_timeout = '2s' before"
            )
        case sql.RoleStatement() | sql.GrantRole() | sql.ClusterWide() | sql.SubscriptionStatement():
            return (
                "it reaches beyond the schema of this database, and a restored dump would not hold it: keep it out of migrations, and"
                " run it by hand or by what sets up your servers; what roles come to may come first, what they lose last"
            )
        case sql.AlterFunction():
            name = quote_name(statement.name)
            return f"write it as CREATE OR REPLACE FUNCTION {name} …, which is planned, with its way back"
        case sql.SetOwner() | sql.AlterTable(actions=(sql.OwnerTo(),)):
            return (
                "the owner before loses what it was not granted: GRANT it what the old version uses, then run this by itself with SET"
                " lock_timeout = '2s' before; it takes an instant"
            )
        case sql.AlterTable(kind="VIEW"):
            view = quote_name(statement.name)
            return f"write it as CREATE OR REPLACE VIEW {view} WITH (…) AS …, which is planned, with its way back"
        case sql.AlterTable(kind="INDEX", actions=(sql.SetOptions(),)):
            return (
                "readers and writers do not notice it: run it by itself with SET lock_timeout = '2s' before, and REINDEX INDEX"
                f" CONCURRENTLY {quote_name(statement.name)} afterwards, without which it only counts for new pages"
            )
        case sql.CreateOther():
            return "nobody uses it yet, and it locks nobody out: run it by itself before the rest, outside the plan"
        case _:
            return "put it into a migration of its own; `migrasafe lint` says whether it is safe as it stands"


def instead_of_action(action: Action) -> str:
    """Likewise with an action of an ALTER TABLE."""
    match action:
        case sql.ClusterOn():
            return (
                "it only says which index the next CLUSTER takes, and hinders nobody: run it by itself; `migrasafe plan rewrite TABLE"
                " 'by INDEX'` writes the table in that order"
            )
        case sql.Inherit():
            return (
                "queries of both versions would see the rows of another table at once: where partitions are meant, `migrasafe plan"
                " partition` and `detach` see to them"
            )
        case _:
            return "put it into a migration of its own; `migrasafe lint` says whether it is safe as it stands"
