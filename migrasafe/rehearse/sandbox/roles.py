"""Roles that a rehearsal makes on a server which is not ours: they belong to all of its databases, and go at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, run
from migrasafe.sql.quote import quote_ident


class RolesMade:
    """Tells the roles that a rehearsal made from those that were there, and from those that somebody else made meanwhile:
    the first were not there before, and what was rehearsed names them."""

    def __init__(self, session: Connection) -> None:
        self._session = session
        self._before = set(run(session, _ROLES))
        self._texts: list[str] = []

    def named_in(self, texts: Iterable[str]) -> None:
        """Texts that are going to be run."""
        self._texts.extend(texts)

    def drop(self) -> Iterator[str]:
        """Drop them, when the databases of the rehearsal are gone; say which roles stay, and why."""
        came = [str(name) for row in run(self._session, _ROLES) if row not in self._before for name in row[1:]]
        made = [name for name in came if self._is_named(name)]
        refused: dict[str, str] = {}
        while made:
            refused = {
                name: said.message
                for name in made
                if (said := attempt(self._session, f"DROP ROLE {quote_ident(name)}")) is not None
            }
            if len(refused) == len(made):  # else one that depended on others may go now
                break
            made = list(refused)
        for name, why in refused.items():
            yield f"the role {name}, which the rehearsal made, stays on the server: {why}"
        if self._says(_CREATES):
            for name in (one for one in came if not self._is_named(one)):
                yield f"the role {name} came to the server meanwhile, and nothing that was rehearsed names it: it stays"

    def _is_named(self, role: str) -> bool:
        return self._says(re.compile(rf"(?<!\w){re.escape(role)}(?!\w)", re.IGNORECASE))

    def _says(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(text) for text in self._texts)


_CREATES = re.compile(r"\bcreate\s+(role|user|group)\b", re.IGNORECASE)
"""Also in a body, with a name that is put together."""
_ROLES = "SELECT oid::bigint, rolname FROM pg_catalog.pg_roles ORDER BY rolname"
