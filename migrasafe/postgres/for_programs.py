"""A connection string for libpq's own programs, whose arguments every user of the machine can see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migrasafe.errors import ServerError

_SECRETS = ("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
"""Those that no variable of the environment says."""
_SERVICE = "migrasafe"


@contextmanager
def for_programs(dsn: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The string without its secrets, and the environment in which a program finds them: the password itself, and a file
    with the others that is for us alone. Raises ServerError where a service is named, too: there can be but one file."""
    words = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    password = words.pop("password", None)
    environment = {**os.environ, "PGCLIENTENCODING": "UTF8", **({"PGPASSWORD": password} if password else {})}
    secrets = {name: words.pop(name) for name in _SECRETS if name in words}
    if not secrets:
        yield make_conninfo("", **words), environment
        return
    if "service" in words or "PGSERVICE" in environment:
        raise ServerError(f"{', '.join(secrets)} beside a service: write what is secret into pg_service.conf, too")
    with NamedTemporaryFile("w", prefix="migrasafe-", suffix=".conf", encoding="utf-8") as file:
        file.write(f"[{_SERVICE}]\n" + "".join(f"{name}={value}\n" for name, value in secrets.items()))
        file.flush()
        yield make_conninfo("", service=_SERVICE, **words), {**environment, "PGSERVICEFILE": file.name}
