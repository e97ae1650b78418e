"""What people are told about how a revision was rendered."""

from __future__ import annotations

from migrasafe.migrations.alembic.graph import Revision
from migrasafe.migrations.alembic.notices import notices_of
from migrasafe.migrations.alembic.protocol import Done, Noticed
from migrasafe.migrations.alembic.render import Outcome, Step, better_of
from migrasafe.migrations.alembic.worker import Rendered
from migrasafe.migrations.executed import Executed

REVISION = Revision(id="b1", path="versions/b1.py", line=3, upgrade_line=9)
FINE = Done()
CREATE = Executed(sql="CREATE TABLE orders (id int)", line=11, transaction=1)


def outcome(
    *noticed: Noticed, done: Done | None = FINE, death: str = "", live: bool = False, offline: bool = False
) -> Outcome:
    rendered = Rendered(executed=(CREATE,), noticed=noticed, done=done, death=death)
    return Outcome(step=Step(revision=REVISION), rendered=rendered, live=live, offline=offline)


def told(given: Outcome) -> list[tuple[int, bool, str]]:
    return [(notice.line, notice.blocking, notice.message) for notice in notices_of(given)]


def test_a_missing_plugin_is_named_with_what_to_install() -> None:
    failed = Done(failure="AttributeError: …", line=12, missing_operation="sync_enum_values")
    assert told(outcome(done=failed)) == [
        (
            12,
            True,
            "cannot be rendered: op.sync_enum_values is not an operation of Alembic: pip install alembic-postgresql-enum;"
            " 1 statement seen until then",
        )
    ]


def test_a_stubbed_plugin_is_named_with_what_to_install() -> None:
    stubs = (Noticed(kind="stub", line=5, text="alembic_utils"), Noticed(kind="stub", line=6, text="app"))
    assert told(outcome(*stubs)) == [
        (3, False, "imports what is not installed here, stubbed: alembic_utils, app (pip install alembic-utils)")
    ]


def test_a_death_stands_at_the_last_statement_seen() -> None:
    assert told(outcome(done=None, death="was ended by SIGSEGV")) == [
        (11, True, "cannot be rendered: the process that ran it was ended by SIGSEGV; 1 statement seen until then")
    ]


def test_on_a_server_reading_is_no_news() -> None:
    read = Noticed(kind="read", line=10, text="")
    assert told(outcome(read, live=True)) == []
    assert told(outcome(read)) == [(10, False, "reads the database; rendered as if it returned no rows")]


def test_calls_that_turn_out_to_be_column_types_and_loggers_are_harmless() -> None:
    noticed = (
        Noticed(kind="call", line=10, text="app.Point"),
        Noticed(kind="type", line=10, text="app.Point"),
        Noticed(kind="call", line=11, text="structlog.get_logger().info"),
        Noticed(kind="call", line=12, text="app.add_audit_columns"),
    )
    assert [line for line, blocking, _ in told(outcome(*noticed)) if blocking] == [12]


def test_what_has_no_line_stands_at_upgrade() -> None:
    assert [line for line, _, _ in told(outcome(done=Done(failure="SystemExit: 1")))] == [9]
    assert [line for line, _, _ in told(outcome(offline=True))] == [9]


def test_of_two_renderings_the_one_that_came_to_its_end_is_shown() -> None:
    failed = outcome(done=Done(failure="ProgrammingError: no such table"), live=True)
    fine = outcome()
    assert better_of(outcome(live=True), fine).live
    assert better_of(failed, outcome(done=None)).live
    assert told(better_of(failed, fine)) == [
        (9, False, "fails on the server, so it is shown as rendered without one: ProgrammingError: no such table")
    ]
