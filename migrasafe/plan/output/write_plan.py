"""A plan as a folder: what people read, what psql runs, what the backfill runs, and plan.json, from which all of it follows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.locks import LockMode
from migrasafe.plan.model import VERSION, Backfill, Estimate, Phase, Plan
from migrasafe.plan.output.allow import with_allowances
from migrasafe.plan.output.allowances import with_allowances as output_files
from migrasafe.plan.output.model import Output
from migrasafe.plan.output.runbook import commands_of
from migrasafe.plan.output.timeline import bars, seconds_of
from migrasafe.plan.output.write_sql import database_of, files_of, sql_files
from migrasafe.plan.templates import document_template
from migrasafe.quantities import say_bytes, say_count, say_seconds
from migrasafe.regex import regex
from migrasafe.schema.model import Schema
from migrasafe.sql.one_line import without_line_ends
from migrasafe.sql.quote import comment
from migrasafe.target import Target

PLAN = "plan.json"
RUNBOOK = "RUNBOOK.md"
PAGE = "plan.html"
BACKFILL = "backfill.toml"


class Written(Struct, frozen=True, kw_only=True):
    """What plan.json holds."""

    plan: Plan
    files: Mapping[str, str]
    """Name → SHA-256 of every other file."""
    outputs: tuple[Output, ...] = ()
    """What tells of the files for migration tools; their texts are not repeated."""


def plan_files(plan: Plan, schema: Schema, outputs: Sequence[Output] = ()) -> dict[str, str]:
    """File name → text, plan.json last. `schema`: before the plan; `outputs`: the same for migration tools."""
    files = with_allowances(sql_files(plan), plan, schema)
    jobs = [job for phase in plan.phases for job in phase.jobs]
    for name, job in zip(job_names(plan), jobs, strict=True):
        files[name] = _job(plan, job, name)
    target = Target(pg_version=plan.pg_version, pg_version_assumed=False)
    of_tools = {name: text for one in outputs for name, text in output_files(one, schema, target).items()}
    return with_documents(plan, files, of_tools, outputs)


def job_names(plan: Plan) -> tuple[str, ...]:
    """The files of the plan's jobs, phase by phase."""
    count = sum(len(phase.jobs) for phase in plan.phases)
    if count == 1:
        return (BACKFILL,)
    return tuple(BACKFILL.replace(".", f"_{number}.") for number in range(1, count + 1))


def jobs_of(plan: Plan, phase: Phase) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files of a phase's jobs: before its steps, and after them."""
    first = sum(len(one.jobs) for one in plan.phases[: plan.phases.index(phase)])
    mine = job_names(plan)[first : first + len(phase.jobs)]
    return mine[: len(phase.backfills)], mine[len(phase.backfills) :]


def with_documents(
    plan: Plan, files: Mapping[str, str], of_tools: Mapping[str, str], outputs: Sequence[Output]
) -> dict[str, str]:
    """The files that are run, and what tells of them: runbook, page and plan.json, which knows the sums of all others."""
    documents = {name: _rendered(name, plan, files, outputs) for name in (RUNBOOK, PAGE)}
    files = {**files, **documents, **of_tools}
    sums = {name: checksum(text) for name, text in files.items()}
    written = Written(plan=plan, files=sums, outputs=tuple(replace(one, files={}, runs=()) for one in outputs))
    files[PLAN] = msgspec.json.format(msgspec.json.encode(written), indent=1).decode() + "\n"
    return files


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Numbered(Struct, frozen=True):
    version: int = VERSION


class _Head(Struct, frozen=True):
    """What every version says."""

    plan: _Numbered


_NUL = regex(r"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON has to write it."""


def read_plan(text: str, where: str) -> Written:
    """What a plan.json says. Raises InputError for one that is none of ours, or of another version."""
    if _NUL.search(text):
        raise InputError(f"{where}: is not a plan of migrasafe: it holds a NUL character, which no SQL or name has")
    try:
        version = msgspec.json.decode(text, type=_Head).plan.version
        if version != VERSION:
            raise InputError(
                f"{where}: is of version {version}, and this migrasafe reads version {VERSION}: use the one that wrote it,"
                " or plan again"
            )
        return msgspec.json.decode(text, type=Written)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"{where}: is not a plan of migrasafe: {error}") from error


class _Files(Struct, frozen=True, kw_only=True):
    """Which file belongs to which phase."""

    plan: Plan
    names: tuple[str, ...]

    def jobs(self, phase: Phase) -> tuple[str, ...]:
        return jobs_of(self.plan, phase)[0]

    def afterwards(self, phase: Phase) -> tuple[str, ...]:
        return jobs_of(self.plan, phase)[1]

    def ahead(self, phase: Phase) -> list[str]:
        ahead, _, for_good = files_of(phase, self.names, elsewhere=True)
        return ahead + for_good

    def back(self, phase: Phase) -> list[str]:
        _, back, _ = files_of(phase, self.names, elsewhere=True)
        return back

    def place(self, file: str) -> str:
        """The other database that runs a file; empty: the plan's own."""
        return database_of(file)


def _rendered(template: str, plan: Plan, files: Mapping[str, str], outputs: Sequence[Output]) -> str:
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=template.endswith(".html"),
        finalize=_on_one_line if template == RUNBOOK else None,
    )
    environment.filters |= {"as_it_is": _AsItIs, "count": say_count}
    text = document_template(template)
    return environment.from_string(text).render(
        plan=plan,
        files=_Files(plan=plan, names=tuple(sorted(files))),
        outputs=outputs,
        commands_of=commands_of,
        strongest=_strongest,
        costs=_costs,
        say_bytes=say_bytes,
        say_seconds=say_seconds,
        bars=bars(plan),
        seconds_of=seconds_of,
    )


class _AsItIs(str):
    """SQL, code and commands, which may have several lines: they stand in blocks."""

    __slots__ = ()


def _on_one_line(value: object) -> object:
    """A name may hold the end of a line, and what is behind it would be a heading, or another row."""
    return without_line_ends(value) if type(value) is str else value


def _strongest(phase: Phase) -> str:
    """The strongest lock that a phase takes, in words."""
    modes = [LockMode(lock.mode) for step in phase.steps for lock in step.locks]
    return max(modes, key=lambda mode: mode.strength).value if modes else ""


def _costs(estimate: Estimate | None) -> str:
    """`about 4 min 10 s, 1.3 GB of WAL, 1.3 GB of disk`; empty where nothing was estimated."""
    if estimate is None:
        return ""
    told = [f"about {say_seconds(estimate.seconds)}"]
    told += [
        f"{say_bytes(size)} of {what}"
        for size, what in ((estimate.wal_bytes, "WAL"), (estimate.disk_bytes, "disk"))
        if size
    ]
    return ", ".join(told)


def job_id(plan: Plan, file: str) -> str:
    """The name of the job in a file: `backfill_2.toml` → `rename_users_name_2`."""
    return plan.id + file.removeprefix("backfill").removesuffix(".toml")


def _job(plan: Plan, job: Backfill, file: str) -> str:
    change = "delete = true" if job.deletes else f"set = {_text(', '.join(job.assignments))}"
    return (
        f"{comment(f'The rows from before: {plan.title}', '# ')}\n"
        f"# migrasafe backfill run {file} --dsn …\n"
        f"name = {_text(job_id(plan, file))}\n"
        f"table = {_text(job.table)}\n"
        f"{change}\n"
        f"where = {_text(job.where)}\n"
    )


def _text(value: str) -> str:
    """A TOML basic string; JSON spells those alike."""
    return msgspec.json.encode(value).decode()
