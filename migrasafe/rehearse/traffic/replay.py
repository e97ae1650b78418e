"""Every query of a version on the schema of this moment, in transactions that are rolled back."""

from __future__ import annotations

import random

from msgspec.structs import replace

from migrasafe.postgres.connect import connect, run
from migrasafe.rehearse.made_up.app import MadeUpApp, Refused
from migrasafe.rehearse.traffic.race import Repertoire, become, inquire, is_taken, perform


def replay(dsn: str, repertoire: Repertoire, *, rows: int) -> tuple[int, tuple[Refused, ...]]:
    """How many of the deeds of a version the server takes, and what it says to the others."""
    refused = []
    with connect(dsn) as session:
        become(session, repertoire.session)
        app = MadeUpApp(session, number=19, rows=rows, unsure=set(repertoire.unsure))
        for use, deed in repertoire.deeds:
            run(session, "BEGIN")
            said = perform(app, use, deed, random.Random(0), [])
            run(session, "ROLLBACK")
            if said is not None:
                refused.append(said)
        for query in repertoire.asked:
            run(session, "BEGIN")
            said = inquire(session, query.sql)
            run(session, "ROLLBACK")
            if said is not None:
                refused.append(said)
        for one in repertoire.queries:
            met = is_taken(session, one)
            if met is not None:
                refused.append(replace(met, sql=f"{one.location}: {met.sql}"))
    return len(repertoire.deeds) + len(repertoire.asked) + len(repertoire.queries) - len(refused), tuple(refused)
