"""Installs the state tables in a database, and brings those of an older release up to date."""

from __future__ import annotations

from migrasafe.backfill.queries import Sql, query
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.scripts import ScriptSession, StatementError
from migrasafe.sql.quote import quote_ident

VERSION = 3
"""Of the state tables that this release works with. Each older one has a file `state_tables_<n>.sql` that leads on."""
_LOCK_KEY = 0x6D696772  # "migr": one at a time, with a lock that ends with its transaction, as poolers demand
_NO_PRIVILEGE = "42501"


def installed_version(session: ScriptSession) -> int:
    """The version of this database's state tables; 0 where there are none. Raises InputError for a newer one."""
    if not session.rows(query("state_version"))[0][0]:
        return 0
    try:
        version = session.rows(query("state_version_installed"))[0][0] or 0
    except StatementError as failure:
        raise no_privilege(failure) from failure
    if version > VERSION:
        raise InputError(
            f"the state tables in schema migrasafe have version {version}, and this migrasafe knows only {VERSION}: "
            "use the release that made them, or a newer one"
        )
    return int(version)


def install(session: ScriptSession, *, grant_to: str | None = None) -> bool:
    """Bring the state tables to VERSION, in one transaction; True when something had to be done.

    Raises ServerError, which says what an administrator must do, when the role may not.
    """
    before = installed_version(session)
    if before == VERSION and grant_to is None:
        return False
    try:
        session.script(installation(before, grant_to=grant_to))
    except StatementError as failure:
        session.roll_back()
        if installed_version(session) == VERSION and grant_to is None:
            return False  # another worker was quicker
        raise no_privilege(failure) from failure
    return before != VERSION


def let_monitor(session: ScriptSession, role: str) -> str | None:
    """Let a role see the load, the replicas and the slots; why that could not be done, None when it was."""
    try:
        session.script(f"GRANT pg_monitor TO {quote_ident(role)}")
    except StatementError as failure:
        return failure.message
    return None


def installation(before: int = 0, *, grant_to: str | None = None) -> str:
    """The script that `install` runs, for people who want to read it, or to run it as another role."""
    steps = [
        f"{query(f'state_tables_{version}')}\nINSERT INTO migrasafe.backfill_version (version) VALUES ({version});"
        for version in range(before + 1, VERSION + 1)
    ]
    grants = [query("state_grants", role=Sql(quote_ident(grant_to)))] if grant_to is not None else []
    lock = f"SELECT pg_advisory_xact_lock({_LOCK_KEY});"
    return "\n".join(["BEGIN;", lock, *steps, *grants, "COMMIT;", ""])


def require_installed(session: ScriptSession) -> None:
    """Raise InputError unless there are state tables to work with."""
    if installed_version(session) == 0:
        raise InputError(
            "this database has no backfill yet: `migrasafe backfill run` begins one (or give another --dsn)"
        )


def no_privilege(failure: StatementError) -> ServerError:
    """What to do when the state tables cannot be made or used."""
    if failure.sqlstate != _NO_PRIVILEGE:
        return ServerError(f"the state tables in schema migrasafe cannot be made: {failure.message}")
    return ServerError(
        f"this role may not use the state tables in schema migrasafe ({failure.message}): let a role that may create a "
        "schema in this database run `migrasafe backfill init --dsn … --grant ROLE` once"
    )
