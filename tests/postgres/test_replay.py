"""The replay of a small project: on every major version, the server does what lint predicts, and has the schema predicted."""

from __future__ import annotations

from pathlib import Path

from migrasafe.migrations.model import History
from migrasafe.migrations.read import read_history
from migrasafe.rehearse.migration.trace import Replayed, replay
from tests.postgres.servers import Database
from tools.replay.report import as_json, summary

PROJECT = Path(__file__).parent.parent.parent / "fixtures" / "replay" / "migrations"
BRANCH_NOT_TAKEN = "public.customers, constraint email_is_there: only here"


def replayed_on(database: Database, history: History, *, each_statement: bool = False) -> tuple[Replayed, ...]:
    # Without a SET of the migration, lint assumes that the session's time zone may be another than UTC.
    database.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$"
    )
    return tuple(replay(history.migrations, database.dsn, database.major, each_statement=each_statement))


def the_project() -> History:
    (history,) = read_history([str(PROJECT)])
    return history


def history_of(folder: Path, *migrations: str) -> History:
    for number, sql in enumerate(migrations, start=1):
        (folder / f"{number:04}_step.sql").write_text(sql, encoding="utf-8")
    (history,) = read_history([str(folder)])
    return history


def test_every_statement_does_what_is_predicted(each_major: int, database: Database) -> None:
    told = as_json("shop", replayed_on(database, the_project()))
    assert told["disagreements"] == []
    assert told["not_run"] == []
    assert told["tables_without_rows"] == []
    assert [one["difference"] for one in told["schema"]] == [BRANCH_NOT_TAKEN]
    (failed_with_rows,) = told["ran_without_rows"]
    assert failed_with_rows["place"].endswith("0002_columns.sql:7")
    assert failed_with_rows["reason"].startswith("23502")
    assert told["agreed"] == told["ran"] == told["statements"]


def test_the_schema_is_compared_after_every_statement(database: Database) -> None:
    told = as_json("shop", replayed_on(database, the_project(), each_statement=True))
    (difference,) = told["schema"]
    assert difference["place"].endswith("0007_block.sql:2")
    assert difference["difference"] == BRANCH_NOT_TAKEN


def test_what_is_not_predicted_is_told(database: Database, tmp_path: Path) -> None:
    history = history_of(
        tmp_path,
        "CREATE TABLE orders (id int PRIMARY KEY, total int);",
        """
        DO $$ BEGIN
            EXECUTE (SELECT format('ALTER TABLE %I ALTER COLUMN total TYPE bigint', relname)
                     FROM pg_class WHERE relname = 'orders');
        END $$;
        """,
    )
    replayed = replayed_on(database, history)
    (judged,) = replayed[1].wrong
    assert [(one.about, one.relation, one.predicted, one.observed) for one in judged.disagreements] == [
        ("lock", "public.orders", "none", "ACCESS EXCLUSIVE")
    ]
    assert replayed[1].schema_differences == ("public.orders.total: type integer here, bigint there",)
    assert summary("shop", replayed).startswith("shop: 2 migrations, 2 statements; 2 ran, 1 agreed (50.00 %)")


def test_after_a_statement_that_fails_prediction_goes_on_from_what_is_there(database: Database, tmp_path: Path) -> None:
    history = history_of(
        tmp_path,
        "CREATE TABLE orders (id int PRIMARY KEY);",
        "ALTER TABLE orders ADD COLUMN state nosuchtype; ALTER TABLE orders ADD COLUMN note text;",
        "ALTER TABLE orders ADD COLUMN state text; CREATE INDEX orders_by_state ON orders (state);",
    )
    told = as_json("shop", replayed_on(database, history))
    (failed,) = told["not_run"]
    assert failed["reason"] == '42704: type "nosuchtype" does not exist'
    assert (told["ran"], told["agreed"], told["schema"]) == (4, 4, [])
