"""Connection strings of servers that are ours: nothing in them is left to libpq's variables and service files, which speak of
other servers. With a PGHOSTADDR, a rehearsal would be sent to the server that it names."""

from __future__ import annotations

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

_LEFT_ALONE = ("service", "application_name", "connect_timeout", "min_protocol_version", "max_protocol_version")
"""A service that is named cannot be taken back, but says nothing where all is said; the others do no harm, and may not be empty."""


def only_said(**words: str) -> str:
    """These words, and for all else that the environment says what libpq goes by without it."""
    for option in Conninfo.get_defaults():
        keyword = option.keyword.decode()
        if option.val not in (None, option.compiled) and keyword not in words and keyword not in _LEFT_ALONE:
            words[keyword] = (option.compiled or b"").decode()
    return make_conninfo("", **words)
