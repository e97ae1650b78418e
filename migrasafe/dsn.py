"""Connection strings, and what of them must never be shown.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

import re

from migrasafe.regex import regex

HIDDEN = "***"

_SECRET = r"(?:password|sslpassword|oauth_client_secret|scram_client_key|scram_server_key)"
# The user information of a URL ends at an @; at the last one where the password has one that should have been %40.
_IN_URL = regex(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^:/@\s?]*:)(?P<secret>[^@\s]*(?:@(?=[^/?\s]*@)[^@\s]*)*)@", re.I)
_IN_QUERY = regex(rf"(?P<before>[?&]{_SECRET}=)(?P<secret>[^&\s]*)", re.I)
_IN_PAIRS = regex(rf"(?P<before>\b{_SECRET}\s*=\s*)(?P<secret>'(?:[^'\\]|\\.)*'?|[^\s&]*)", re.I)
_SEPARATORS = regex(r"[^A-Za-z0-9]+")
_SHORTEST_PIECE = 3


def is_dsn(given: str) -> bool:
    """Whether this names a server, not a file."""
    return "://" in given or "=" in given


def has_password(given: str) -> bool:
    """Whether a connection string, or the URL of another server, holds a password."""
    return any(secret for secret in _secrets(given))


def without_password(given: str) -> str:
    """A DSN that can be shown; libpq then asks for the password, or finds it in PGPASSWORD or its file."""
    if not is_dsn(given):
        return given
    shown = _IN_URL.sub(lambda match: match["before"].removesuffix(":") + "@", given)
    shown = re.sub(rf"(?<=[?&]){_SECRET}=[^&\s]*(?:&|$)", "", shown, flags=re.I)
    shown = re.sub(rf"(?<![\w?&]){_SECRET}\s*=\s*(?:'(?:[^'\\]|\\.)*'?|\S*)\s?", "", shown, flags=re.I)
    return shown.rstrip("?& ")


def without_secrets(text: str, dsn: str = "") -> str:
    """A message that can be shown: passwords in it are hidden, those of `dsn` also where they stand alone, or in pieces
    because they were not encoded as a URL wants it."""
    hidden: set[str] = set()
    for secret in _secrets(dsn):
        hidden |= {secret, _decoded(secret)}
        if _SEPARATORS.search(secret):
            hidden.update(piece for piece in _SEPARATORS.split(secret) if len(piece) >= _SHORTEST_PIECE)
    for secret in sorted(hidden, key=len, reverse=True):
        if secret:
            text = text.replace(secret, HIDDEN)
    for pattern in (_IN_QUERY, _IN_PAIRS):
        text = pattern.sub(lambda match: match["before"] + HIDDEN, text)
    return _IN_URL.sub(lambda match: f"{match['before']}{HIDDEN}@", text)


def _secrets(dsn: str) -> list[str]:
    found = [match["secret"] for pattern in (_IN_URL, _IN_QUERY, _IN_PAIRS) for match in pattern.finditer(dsn)]
    return [secret[1:-1] if secret[:1] == secret[-1:] == "'" and len(secret) > 1 else secret for secret in found]


def _decoded(secret: str) -> str:
    from urllib.parse import unquote  # only messages about servers come here

    return unquote(secret)
