"""A plan made for a schema, and rehearsed on the test's own server."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from migrasafe.plan.changes.model import Change, Ground
from migrasafe.plan.evidence import Evidence
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Phase, PhaseName, Plan, Step
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import Hints, read_changes
from migrasafe.postgres.catalog.attached import attached_to_columns
from migrasafe.postgres.catalog.beside import beside_tables
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.server.running import RunningServer
from migrasafe.rehearse.both_sides.audit import Live
from migrasafe.rehearse.prove import prove
from migrasafe.rehearse.sandbox.ground import lay_script
from migrasafe.rehearse.sandbox.server import Sandbox
from migrasafe.rehearse.stage import Wish
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from tests.postgres.servers import Database


def planned(
    database: Database,
    setup: str,
    migration: str,
    hints: Hints | None = None,
    change: Change | None = None,
    quiet_seconds: float | None = None,
) -> Plan:
    """The plan of a migration, or of a change that stands for it, in a database that gets the schema."""
    database.execute(setup)
    with database.connect() as session:
        schema, attached, beside = load_schema(session), attached_to_columns(session), beside_tables(session)
    target = Target(pg_version=database.major, pg_version_assumed=False)
    ground = Ground(
        schema=schema, attached=attached, beside=beside, target=target, id="r1", quiet_seconds=quiet_seconds
    )
    script = read_script(Source(path="migration.sql", text=migration))
    draft = change.plan(ground) if change else draft_of(read_changes(script, schema, hints or Hints()), ground)
    return put_together(draft, ground, script.texts)


def rehearsed(
    database: Database,
    setup: str,
    plan: Plan,
    rows: int = 30,
    files: Mapping[str, str] | None = None,
    live: Live | None = None,
) -> Evidence:
    """What a rehearsal says of it."""
    server = RunningServer(
        dsn=database.dsn, major=database.major, description="the test's", stop=lambda: None, stays=True
    )
    script = read_script(Source(path="setup.sql", text=setup))
    with Sandbox(server) as sandbox:
        wish = Wish(rows=rows, live=live)
        return prove(
            plan, lambda dsn: lay_script(dsn, script, sandbox.needs_role), sandbox, wish, lambda _: None, files
        )


def with_steps(plan: Plan, name: PhaseName, change: Callable[[tuple[Step, ...]], tuple[Step, ...]]) -> Plan:
    """The plan with other steps in one of its phases."""

    def changed(phase: Phase) -> Phase:
        return replace(phase, steps=change(phase.steps)) if phase.name is name else phase

    return replace(plan, phases=tuple(changed(phase) for phase in plan.phases))


def told(evidence: Evidence) -> list[str]:
    return [f"{one.about} {one.where}: {one.message}" for one in evidence.failures]
