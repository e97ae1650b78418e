"""Supabase CLI: `supabase/migrations/<ts>_<name>.sql` in one transaction, around statements that refuse one.

https://supabase.com/docs/guides/deployment/database-migrations
"""

from __future__ import annotations

import re
from itertools import groupby

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import up_script
from migrasafe.migrations.formats.pairs import left_over
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.migrations.transaction import may_refuse_transaction, refuses_transaction
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

_NAME = regex(r"^(\d+)_(.*)\.sql$")


def claims(folder: Folder) -> Claim | None:
    """Claim the folder migrations of a folder named supabase."""
    if folder.name != "migrations" or not any(_NAME.match(file) for file in folder.files):
        return None
    if folder.above is not None and folder.above.name == "supabase":
        return Claim(strength=Strength.OWN, why="it is supabase/migrations")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the timestamps. Raises InputError."""
    named = sorted((int(match.group(1)), file, match) for file in folder.files if (match := _NAME.match(file)))
    return History(
        layout="supabase",
        root=folder.path,
        migrations=tuple(_migration(folder.source(file), match) for _, file, match in named),
        notices=left_over(folder, [file for _, file, _ in named], "the Supabase CLI runs only <timestamp>_<name>.sql"),
    )


def _migration(source: Source, match: re.Match[str]) -> Migration:
    return Migration(id=match.group(1), path=source.path, name=match.group(2), parts=_parts(source))


def _parts(source: Source) -> tuple[Part, ...]:
    """What refuses a transaction is sent by itself, what stands between in a transaction (since CLI 2.109)."""
    script = up_script(source)
    if not may_refuse_transaction(source.text):
        return (Part(script=script),)
    runs = [(alone, list(run)) for alone, run in groupby(script.statements, refuses_transaction)]
    if len(runs) < 2:
        alone = bool(runs) and runs[0][0]
        return (Part(script=script, wrapped=TransactionMode.NONE if alone else TransactionMode.ONE),)
    ends = [*(run[-1].span.end for _, run in runs[:-1]), len(source.text)]
    begins = [0, *ends[:-1]]
    return tuple(
        Part(
            script=up_script(source, (Span(begin, end),)),
            wrapped=TransactionMode.NONE if alone else TransactionMode.ONE,
        )
        for (alone, _), begin, end in zip(runs, begins, ends, strict=True)
    )
