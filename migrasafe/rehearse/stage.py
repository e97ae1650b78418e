"""What every part of a rehearsal starts from: a database as before the plan, with rows, and what the app does there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.model import Query
from migrasafe.plan.model import Backfill, Plan
from migrasafe.postgres.connect import connect, run
from migrasafe.postgres.watch.relations import read_relations
from migrasafe.rehearse.app_role import role_of_app
from migrasafe.rehearse.both_sides.audit import Live
from migrasafe.rehearse.edges_taken import edges_taken
from migrasafe.rehearse.made_up.app import Known, Place, TableUse, uses
from migrasafe.rehearse.made_up.edge_rows import edges_of, put_edges
from migrasafe.rehearse.made_up.rows import Rows
from migrasafe.rehearse.made_up.view_queries import to_count_on
from migrasafe.rehearse.one_shot import one_shot_of
from migrasafe.rehearse.phases.carry_out import do
from migrasafe.rehearse.phases.opening import open_phase, run_jobs
from migrasafe.rehearse.same.catalog_lines import Lines, catalog_lines
from migrasafe.rehearse.same.data import Sums, sums, sums_of, telling_nothing
from migrasafe.rehearse.sandbox.server import Sandbox
from migrasafe.rehearse.traffic.race import Repertoire, Session, learn
from migrasafe.schema.names import Ref

Lay = Callable[[str], tuple[str, ...]]
"""Makes the schema from before the plan in an empty database, and says what it could not make."""

MOST_TABLES = 8
OWN_SCHEMA = "migrasafe"
"""Where plans and backfills keep what is theirs."""
_FORGET_JOBS = Path(__file__).with_name("sql").joinpath("forget_jobs.sql").read_text(encoding="utf-8")


class Stage(Struct, frozen=True, kw_only=True):
    sandbox: Sandbox
    base: str
    """The DSN of a database in which nobody is at work: to be copied."""
    old: Repertoire
    new: Repertoire
    end: Lines | None
    """The catalog after the one-shot migration; None where that could not be run."""
    end_data: Sums
    """What the columns hold after it, that hold the same whenever it is run."""
    end_uses: tuple[TableUse, ...]
    rows: int
    seed: int
    notes: tuple[str, ...]

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The DSN of a copy of the database, which is gone afterwards."""
        with self.sandbox.database(like=self.base) as dsn:
            yield dsn


class Wish(Struct, frozen=True, kw_only=True):
    """How thorough a rehearsal is."""

    rows: int = 1000
    """In every table."""
    seed: int = 1
    old: tuple[Query, ...] = ()
    """The queries of the old version of the app, beside those that are made up …"""
    new: tuple[Query, ...] = ()
    """… and of the new one."""
    live: Live | None = None
    """Whose values are converted, beside those that are made up; None: nobody's."""


@contextmanager
def set_up(plan: Plan, lay: Lay, sandbox: Sandbox, wish: Wish) -> Iterator[Stage]:
    """Make the stage; databases are gone at the end."""
    with sandbox.database() as bare, ExitStack() as databases:
        notes = list(lay(bare))
        with connect(bare) as connection:
            run(connection, _FORGET_JOBS)
        tables = [Ref.of(table) for table in plan.tables] or _some_tables(bare)
        one_shot = one_shot_of(plan)
        with sandbox.database(like=bare) as once:
            one_shot.run(once)
            later = _known(once, tables, bare)
        base = databases.enter_context(sandbox.database(like=bare))
        with connect(base) as connection:
            old_uses = uses(connection, tables, later)
            some_null = any(phase.backfills for phase in plan.phases)
            notes += [
                f"no rows in {table}" for table in Rows(wish.rows, also=later, some_null=some_null).fill(connection)
            ]
        edges = edges_of(old_uses, later, wish.rows) if plan.migration and not plan.lets_go else ()
        put_edges(base, edges_taken(sandbox, base, plan, one_shot, edges))
        with connect(base) as connection:
            run(connection, "ANALYZE")
        role, without_usage = role_of_app(base, [use.name for use in old_uses])
        notes += [
            f"not tried: {one} as the app, for it has no USAGE on the schema of the tables" for one in without_usage
        ]
        session = Session(role=role, time_zone=one_shot.time_zone)
        with sandbox.database(like=base) as trial:
            old = learn(trial, old_uses, rows=wish.rows, session=session, queries=wish.old)
            overwritten = _assigned((job for one in plan.phases for job in one.backfills if job.overwrites), trial)
            tidied = _assigned((job for one in plan.phases for job in one.afterwards), trial)
            notes += [
                f"not compared: whether {table}.{name} reads as it was written, for a job of the plan changes it"
                for (_, table), name in sorted(overwritten | tidied)
            ]
            old = replace(old, unsure=old.unsure | overwritten)
        end: Lines | None = None
        end_data: Sums = {}
        end_uses: tuple[TableUse, ...] = ()
        new = Repertoire(uses=(), deeds=())
        with ExitStack() as trials:
            once = trials.enter_context(sandbox.database(like=base))
            refused = one_shot.run(once)
            if not refused and plan.migration and not (plan.lets_go or plan.ends_otherwise):
                end_uses = tuple(_new_uses(once, tables, base))
                twice = trials.enter_context(sandbox.database(like=base))
                one_shot.run(twice)
                settled = _settled(once, twice, end_uses, old_uses)
                # What triggers write in its place they write for a backfill, too.
                end_data = {place: value for place, value in settled.items() if place not in old.unsure}
            if refused:  # the rows are in the way, as they may be
                once = trials.enter_context(sandbox.database(like=bare))
                refused = one_shot.run(once)
                with connect(once) as connection:
                    Rows(wish.rows).fill(connection)
            if not plan.migration or refused:
                notes.append(
                    "the schema at the end is compared with nothing, for the one-shot migration cannot be run here:"
                    f" {refused or 'the plan does not say it'}"
                )
                once = trials.enter_context(sandbox.database(like=base))
                refused = _to_the_end(plan, once)  # what the new version is made for is where the plan leads
            else:
                end = catalog_lines(once)
            if not refused:
                new = learn(once, _new_uses(once, tables, base), rows=wish.rows, session=session, queries=wish.new)
                other = frozenset(_of_other_labels(old_uses, new.uses))
                notes += [f"not compared: whether {table}.{name} reads as it was written" for (_, table), name in other]
                # What triggers of before write in its place they write until the plan is over.
                new = replace(
                    new, unsure=new.unsure | old.unsure | tidied | other, asked=to_count_on(new.asked, old.asked)
                )
        notes += [f"not tried by the old version: {one}" for one in old.left_out]
        notes += [f"not tried by the new version: {one}" for one in new.left_out]
        yield Stage(
            sandbox=sandbox,
            base=base,
            old=old,
            new=new,
            end=end,
            end_data=end_data,
            end_uses=end_uses,
            rows=wish.rows,
            seed=wish.seed,
            notes=tuple(notes),
        )


def _settled(once: str, twice: str, uses: Sequence[TableUse], before: Sequence[TableUse]) -> Sums:
    """What the columns hold after the one-shot migration, without those that hold something else each time."""
    known = {(use.ref, column.name) for use in before for column in use.columns}
    with connect(once) as session:
        found = sums(session, uses, telling_nothing(uses, known, session))
    again = sums_of(twice, uses)
    return {place: value for place, value in found.items() if again.get(place) == value}


def _some_tables(dsn: str) -> list[tuple[str, str]]:
    """Tables to work on for a plan that names none."""
    with connect(dsn) as session:
        tables = (one for one in read_relations(session).values() if one.kind in {"r", "p"})
        return sorted((one.schema, one.name) for one in tables)[:MOST_TABLES]


def _of_other_labels(old: Sequence[TableUse], new: Sequence[TableUse]) -> Iterator[Place]:
    """The columns of an enum whose labels change: meanwhile a row may say either."""
    before = {(use.ref, column.name): column.labels for use in old for column in use.columns}
    for use in new:
        for column in use.columns:
            earlier = before.get((use.ref, column.name), [])
            if earlier and column.labels and set(earlier) != set(column.labels):
                yield use.ref, column.name


def _assigned(jobs: Iterable[Backfill], dsn: str) -> frozenset[Place]:
    """The columns whose values these jobs change."""
    found = set()
    with connect(dsn) as session:
        for job in jobs:
            for assignment in job.assignments:
                asked = (job.table, assignment.partition(" = ")[0])
                ((table, column),) = run(session, "SELECT parse_ident(%s), parse_ident(%s)", *asked)
                found.add(((table[-2], table[-1]), column[0]))
    return frozenset(found)


def _to_the_end(plan: Plan, dsn: str) -> str:
    """Carry out the whole plan, with nobody at work; what was in the way, empty where nothing was."""
    for phase in plan.phases:
        failed = [failure.message for failure in open_phase(plan, phase, dsn)]
        with connect(dsn) as session:
            failed += [said.message for step in phase.own_steps if (said := do(session, step)) is not None]
        failed += [failure.message for failure in run_jobs(plan, phase, phase.afterwards, dsn)]
        if failed:
            return failed[0]
    return ""


def _new_tables(dsn: str, tables: Sequence[tuple[str, str]], base: str) -> list[tuple[str, str]]:
    """The tables of the plan as they are called later, and those that are new and the app's, which writes to the whole and
    not to its partitions."""
    found, parts = [], set()
    for place in (dsn, base):
        with connect(place) as session:
            parts |= set(run(session, _PARTITIONS))
            found.append({(one.schema, one.name) for one in read_relations(session).values() if one.kind in {"r", "p"}})
    later, before = found
    new = {ref for ref in later - before - parts if ref[0] != OWN_SCHEMA}
    return sorted(later & (set(tables) | new))


_PARTITIONS = """
SELECT nspname, relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace WHERE relispartition
"""


def _new_uses(dsn: str, tables: Sequence[tuple[str, str]], base: str) -> list[TableUse]:
    wanted = _new_tables(dsn, tables, base)
    with connect(base) as session:
        known = uses(session, tables)
    earlier = {(use.ref, column.name): column for use in known for column in use.columns}
    keys = {use.ref: set(use.unique) for use in known}
    with connect(dsn) as session:
        found = uses(session, wanted, earlier)
    return [
        replace(use, unique=tuple(key for key in use.unique if _may_be_named(use, key, earlier, keys))) for use in found
    ]


def _may_be_named(
    use: TableUse, key: tuple[str, ...], earlier: Known, keys: Mapping[tuple[str, str], set[tuple[str, ...]]]
) -> bool:
    """Whether an upsert of the new version may count on this key before the plan's end: it was there before, too, or is one
    over a column that has come."""
    return key in keys.get(use.ref, ()) or any((use.ref, name) not in earlier for name in key)


def _known(dsn: str, tables: Sequence[tuple[str, str]], base: str) -> Known:
    """The columns of later, under their names of later."""
    return {(use.ref, column.name): column for use in _new_uses(dsn, tables, base) for column in use.columns}
