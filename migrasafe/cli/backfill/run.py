"""`migrasafe backfill run`: begins a job, or works on one that is there."""

from __future__ import annotations

import datetime
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from migrasafe.backfill.end.ending import Ending, Outcome
from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.settings import check_setting, known_settings
from migrasafe.backfill.model import Setting
from migrasafe.backfill.progress.events import Emit, Event, as_json, as_text
from migrasafe.backfill.progress.metrics import Meter, address_from
from migrasafe.backfill.progress.sparing import sparing
from migrasafe.backfill.run import Worker
from migrasafe.backfill.start import start_job
from migrasafe.backfill.stopping import Stop
from migrasafe.cli.backfill.job_options import job_options, naming_the_file, wanted_job
from migrasafe.cli.backfill.options import dsn_from, dsn_option, settings_from
from migrasafe.cli.backfill.other_workers import start_others
from migrasafe.cli.terminal import say

_INTERRUPTED = 130


def _setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each setting that has a name of its own."""
    for key, (default, meaning) in reversed(known_settings().items()):
        option = click.option(
            f"--{key.replace('_', '-')}",
            f"setting_{key}",
            metavar="VALUE",
            help=f"{meaning[:1].upper()}{meaning[1:]}. [default: {default if default != '' else 'none'}]",
        )
        command = option(command)
    return command


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.argument("job", required=False, metavar="[JOB|FILE|FOLDER]")
@dsn_option
@job_options
@click.option(
    "--setting", "pairs", multiple=True, metavar="KEY=VALUE", help="Any setting, also of checks and replicas."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the job."
)
@click.option(
    "--takeover", is_flag=True, help="Take the part of a worker that does not live any more, without waiting."
)
@click.option("--restart", is_flag=True, help="Begin again from the first row; the old job is kept under another name.")
@click.option("--allow-seq-scan", is_flag=True, help="Let each batch read another large table whole.")
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option(
    "--metrics-port",
    metavar="[HOST:]PORT",
    help="Serve Prometheus metrics at /metrics: of the whole job, and of this process.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--quiet", "-q", is_flag=True, help="Print only warnings, failures and the end.")
@_setting_options
def run_command(
    job: str | None,
    *,
    dsn: str | None,
    workers: int,
    takeover: bool,
    restart: bool,
    allow_seq_scan: bool,
    dry_run: bool,
    metrics_port: str | None,
    log_format: str,
    quiet: bool,
    **said: Any,
) -> int:
    """Begin a backfill, or go on with one that was stopped, killed or failed.

    JOB is the name of a job that is there, a TOML file, or the folder of a plan; or say it with options.
    Exit status: 0 done, or ended by SIGTERM · 1 failed, cancelled, or rows are left that cannot be changed · 2 the input
    cannot be used · 130 Ctrl-C. All state is in the database: the same command goes on where the last one stopped.

    \b
    Examples:
      migrasafe backfill run --table orders \\
          --set 'total_cents = total * 100' --where 'total_cents IS NULL'
      migrasafe backfill run job.toml --max-lag 2s --nice 0.3
      migrasafe backfill run orders.total_cents
    """
    wanted = wanted_job(job, said)
    server = dsn_from(dsn, wanted.dsn_env if isinstance(wanted, JobFile) else None)
    metrics_at = address_from(metrics_port) if metrics_port is not None else None
    emit = _printer(log_format, quiet=quiet)
    settings = _settings(said)
    with naming_the_file(job, wanted):
        name = start_job(
            server, wanted, emit, restart=restart, allow_seq_scan=allow_seq_scan, dry_run=dry_run, settings=settings
        )
    if name is None:
        return 0
    from migrasafe.backfill.throttle.throttling import SampledThrottle

    meter = Meter(SampledThrottle())
    others = start_others(workers - 1, name, server, log_format)
    stop = Stop(also_tell=others)
    worker = Worker(dsn=server, job=name, throttle=meter, emit=meter.listening(emit), stop=stop, takeover=takeover)
    with _metrics(metrics_at, meter, server, name, emit), stop.listening():
        ending = worker.run()
        for other in others:
            other.wait()
    emit(Event(kind="ended", job=name, text=ending.text, fields={"outcome": ending.outcome.value},
               is_trouble=ending.outcome is not Outcome.DONE))  # fmt: skip
    return _status(ending, stop)


@contextmanager
def _metrics(address: tuple[str, int] | None, meter: Meter, dsn: str, job: str, emit: Emit) -> Iterator[None]:
    """Serve metrics while the block runs, if that is wanted."""
    if address is None:
        yield
        return
    from migrasafe.backfill.progress.metrics_server import serving

    with serving(address, meter, dsn, job) as (host, port):
        emit(Event(kind="metrics", job=job, text=f"metrics at http://{host}:{port}/metrics", fields={"port": port}))
        yield


def _settings(said: Mapping[str, Any]) -> dict[str, Setting]:
    """What the command line says: general pairs, and over them the options of single settings."""
    settings = settings_from(said["pairs"], "--setting ")
    for name, value in said.items():
        if name.startswith("setting_") and value is not None:
            key = name.removeprefix("setting_")
            settings[key] = check_setting(key, value, f"--{key.replace('_', '-')}")
    return settings


def _printer(log_format: str, *, quiet: bool) -> Callable[[Event], None]:
    write = as_json if log_format == "json" else as_text

    def emit(event: Event) -> None:
        if quiet and not event.is_trouble and event.kind != "ended":
            return
        say(write(event, datetime.datetime.now().astimezone()))

    return emit if log_format == "json" else sparing(emit)


def _status(ending: Ending, stop: Stop) -> int:
    match ending.outcome:
        case Outcome.DONE:
            return 1 if ending.dead_rows else 0
        case Outcome.STOPPED:
            return _INTERRUPTED if stop.signal == signal.SIGINT else 0
        case _:
            return 1
