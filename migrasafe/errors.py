"""What can go wrong that is not our bug: every message names the file, line or option, and what to do."""

from __future__ import annotations


class MigrasafeError(Exception):
    """Base of all errors that end a command with one sentence and exit status 2."""


class InputError(MigrasafeError):
    """A file, folder, option or schema source that cannot be used."""


class ConfigError(MigrasafeError):
    """A key or value in the config that we do not know."""


class AmbiguousLayout(InputError):
    """A folder that several migration tools could own; the message names them and the option that decides."""


class RenderError(InputError):
    """A migration that had to be run to be read, and could not be."""


class ServerError(MigrasafeError):
    """A PostgreSQL server that is missing, unreachable or of the wrong version."""
