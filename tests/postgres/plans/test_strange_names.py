"""Every change over the strangest names, carried out by psql as the plain-named one is: there, back, there again, and the schema at
the end is that of the migration as written. Nothing that a name smuggles in is run."""

from __future__ import annotations

import pkgutil
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from msgspec.structs import replace

from migrasafe.plan.output.write_plan import jobs_of
from migrasafe.plan.read.hints import Assignments, Hints, hints_of
from migrasafe.postgres.connect import connect, in_database, run
from migrasafe.rehearse.same.catalog_lines import catalog_lines, differences
from migrasafe.schema.evolve.generated_names import MOST_BYTES
from migrasafe.sql.deparse import deparse_expression, parse_expression
from migrasafe.sql.statements import Expression
from tests.postgres import plans
from tests.postgres.plans.rollout import Rollout, roll_out
from tests.postgres.rehearse.proofs import PROOFS
from tests.postgres.servers import Database, drop_database
from tests.postgres.strange_names import STYLES, Renaming, Style, lay, mixed
from tools.change_pages import page_ids, read_page


@dataclass(frozen=True, kw_only=True)
class Wanted:
    setup: str
    rows: str
    migration: str
    hints: Hints
    once: str
    """What is to be run after the migration for the same schema."""


def _of_tests() -> Iterator[tuple[str, Wanted]]:
    for found in pkgutil.iter_modules(plans.__path__):
        if not found.name.startswith("test_") or found.name in ("test_strange_names", "test_move_to_database"):
            continue
        module = import_module(f"{plans.__name__}.{found.name}")
        for name, case in getattr(module, "CASES", {}).items():
            if name in getattr(module, "NEEDS_TABLESPACE", ()) or not hasattr(module, "SETUP"):
                continue
            about = f"{found.name.removeprefix('test_').replace('_', ' ')}: {name}"
            yield (
                about,
                Wanted(
                    setup=module.SETUP,
                    rows="" if about in _ROWS_DECIDED_ABOUT else getattr(module, "ROWS", ""),
                    migration=case.migration,
                    hints=PROOFS[about].hints,  # with what somebody decides about bad rows
                    once=getattr(case, "once", ""),
                ),
            )


_ROWS_DECIDED_ABOUT = (
    "values under traffic: texts get shorter",
    "values under traffic: numbers have fewer digits",
    "values under traffic: numbers get smaller",
    "parts under traffic: a key becomes a moment",
)
"""Rows that do not fit are for a person: what becomes of them is not about names."""
_NOT_HERE = ("move-to-database", "index-tablespace", "add-exclusion", "privileges")
"""Examples that need another server, a tablespace or an extension, or take what nobody was given."""


def _of_pages() -> Iterator[tuple[str, Wanted]]:
    for page_id in page_ids():
        page, facts = read_page(page_id), read_page(page_id).facts
        if page_id not in _NOT_HERE:
            hints = hints_of(up=facts.up, down=facts.down, time_zone=facts.time_zone)
            yield page_id, Wanted(setup=page.given, rows="", migration=page.migration, hints=hints, once="")


CHANGES: Mapping[str, Wanted] = {**dict(_of_pages()), **dict(_of_tests())}


@contextmanager
def renaming(database: Database, style: Style) -> Iterator[Renaming]:
    """Over two empty databases beside the test's."""
    names = [f"names_{zlib.crc32(database.dsn.encode()):x}_{which}" for which in ("plain", "strange")]
    with connect(database.dsn) as session:
        for name in names:
            run(session, f"CREATE DATABASE {name}")
        try:
            with (
                connect(in_database(database.dsn, names[0])) as plain,
                connect(in_database(database.dsn, names[1])) as strange,
            ):
                yield Renaming(plain, strange, style)
        finally:
            for name in names:
                drop_database(session, name)


def _hints(hints: Hints, names: Renaming) -> Hints:
    def value(one: Expression | None) -> Expression | None:
        return one and parse_expression(names.of(deparse_expression(one)))

    def each(several: Assignments) -> Assignments:
        return tuple((names.names.get(column, column), value(one) or one) for column, one in several)

    return replace(
        hints,
        up=value(hints.up),
        down=value(hints.down),
        up_each=each(hints.up_each),
        down_each=each(hints.down_each),
        new_name=hints.new_name and names.names.get(hints.new_name, hints.new_name),
    )


def there_and_back(rollout: Rollout) -> None:
    """Every phase of a plan, by its files."""
    before: list[str] = []
    for phase in rollout.plan.phases:
        rollout.gates(phase)
        if phase.backfills:
            rollout.backfill_for_real(jobs_of(rollout.plan, phase)[0])
        ahead, back, for_good = rollout.files(phase)
        for name in (*ahead, *back):
            rollout.check(name)
            rollout.is_over(name)
        for name in (*before, *ahead, *for_good):  # what the way back took with it is made again
            rollout.check(name)
        before = ahead
        if phase.afterwards:
            rollout.backfill_for_real(jobs_of(rollout.plan, phase)[1])


def _on_one_line(style: Style) -> Style:
    return lambda number: re.sub(r"[\r\n]", "~", style(number))


def does_what_the_plain_one_does(database: Database, folder: Path, name: str, style: Style) -> None:
    wanted = CHANGES[name]
    if "-- migrasafe:" in wanted.migration:  # which tells of names on one line
        style = _on_one_line(style)
    with renaming(database, style) as names:
        setup, rows = names.tell(wanted.setup), names.tell(wanted.rows)
        migration = names.tell(wanted.migration)
        names.tell(wanted.once)
        with database.connect() as session:
            lay(session, setup + rows)
        rollout = roll_out(database, migration, folder, _hints(wanted.hints, names))
        there_and_back(rollout)
        cut = any(
            len(name.encode()) == MOST_BYTES for name in names.names.values()
        )  # then it numbers them as it meets them
        if names.was_run and not cut and not rollout.plan.ends_otherwise:
            ends, once = (
                catalog_lines(database.dsn),
                catalog_lines(in_database(database.dsn, names.strange.info.dbname)),
            )
            assert not differences(once, ends), "\n".join(differences(once, ends))


@pytest.mark.soak
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", CHANGES)
def test_every_change_over_strange_names(
    each_major: int, database: Database, tmp_path: Path, name: str, style: str
) -> None:
    does_what_the_plain_one_does(database, tmp_path, name, STYLES[style])


@pytest.mark.in_turn
@pytest.mark.majors(15, 18)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_over_names_of_all_styles(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    first = zlib.crc32(name.encode()) % 50
    does_what_the_plain_one_does(database, tmp_path, name, lambda number: mixed(first + number))
