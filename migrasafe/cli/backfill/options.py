"""Options that the commands of `migrasafe backfill` share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from migrasafe.backfill.job.settings import check_setting
from migrasafe.backfill.model import Setting
from migrasafe.backfill.state_tables import no_privilege, require_installed
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.scripts import ScriptSession, StatementError, open_session

DSN_VARIABLE = "MIGRASAFE_DSN"
_LIBPQ_VARIABLES = ("PGHOST", "PGDATABASE", "PGSERVICE")
_Command = TypeVar("_Command", bound=Callable[..., Any])

dsn_option = click.option(
    "--dsn",
    metavar="DSN",
    help=f"The server: postgresql://user@host/database, several hosts for failover. [default: ${DSN_VARIABLE}]",
)
job_argument = click.argument("job", metavar="JOB")


def dsn_from(given: str | None, variable: str | None = None) -> str:
    """The connection string of --dsn, of the environment, or "" where libpq's own variables say it."""
    for said in (given, os.environ.get(variable) if variable else None, os.environ.get(DSN_VARIABLE)):
        if said:
            return said
    if any(os.environ.get(name) for name in _LIBPQ_VARIABLES):
        return ""
    raise InputError(f"no server is named: give --dsn postgresql://user@host/database, or set {DSN_VARIABLE}")


@contextmanager
def state_of(dsn: str | None) -> Iterator[ScriptSession]:
    """A session with a database that has state tables. Raises InputError and ServerError, nothing of the driver."""
    session = open_session(dsn_from(dsn), name="migrasafe backfill control")
    try:
        require_installed(session)
        yield session
    except StatementError as error:
        if error.sqlstate == "42501":
            raise no_privilege(error) from error
        raise ServerError(f"the server said: {error.message}") from error
    finally:
        session.close()


def settings_from(pairs: Sequence[str], where: str) -> dict[str, Setting]:
    """`KEY=VALUE` … as settings. Raises InputError and ConfigError."""
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"{where}{pair}: write KEY=VALUE, as in max_lag=2s")
        key = key.strip().replace("-", "_") if "." not in key else key.strip()
        settings[key] = check_setting(key, value.strip(), f"{where}{key}")
    return settings
