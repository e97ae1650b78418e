"""Which tool a folder belongs to, and which folders of a project hold migrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats import FORMATS, load_format
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.formats.signs import may_own, signs_of
from migrasafe.regex import regex

_NAMED_FOR_MIGRATIONS = regex(r"(?i)^(?:.*[-_.])?(?:migrations?|migrate|deltas?|versions)(?:[-_.].*)?$")

DUMPS = ("structure.sql", "schema.sql")
"""Rails and its like write the schema there, after the migrations."""
_NO_MIGRATIONS = (*DUMPS, "seed.sql", "seeds.sql")


class Candidate(Struct, frozen=True, kw_only=True):
    """A tool that could own a folder."""

    layout: str
    claim: Claim


class Found(Struct, frozen=True, kw_only=True):
    """A folder of migrations and the tools whose claims on it are equally strong."""

    folder: Folder
    candidates: tuple[Candidate, ...]

    @property
    def strength(self) -> Strength:
        return self.candidates[0].claim.strength


def candidates(folder: Folder) -> Found | None:
    """The strongest claims on a folder, in the order of FORMATS; None where no tool claims it."""
    claims = []
    signs = signs_of(folder)
    for layout in FORMATS:
        claim = load_format(layout).claims(folder) if may_own(layout, signs) else None
        if claim is not None:
            claims.append(Candidate(layout=layout, claim=claim))
    if not claims:
        return None
    strongest = max(candidate.claim.strength for candidate in claims)
    return Found(folder=folder, candidates=tuple(one for one in claims if one.claim.strength is strongest))


def find_migrations(folder: Folder) -> tuple[Found, ...]:
    """The folders of migrations: this one, or those below it; none where there are no migrations.

    A folder of .sql files that no tool claims counts when its name says that it holds migrations; where there is no better
    one, every folder of .sql files does.
    """
    own = candidates(folder)
    if own is not None and own.strength > Strength.FALLBACK:
        return (own,)
    below = tuple(found for inner in folder.folders.values() for found in _search(inner))
    if own is not None:
        return tuple(found for found in below if found.strength > Strength.FALLBACK) or (own,)
    return tuple(found for found in below if _is_migrations(found)) or below


def outside(folder: Folder, found: Sequence[Found]) -> Iterator[Folder]:
    """The folders below this one that hold .sql files and are not among those found, nor a part of a tool's own."""
    return _outside(folder, {id(one.folder): one.strength for one in found})


def _outside(folder: Folder, owned: Mapping[int, Strength]) -> Iterator[Folder]:
    if owned.get(id(folder), Strength.FALLBACK) > Strength.FALLBACK:
        return
    for inner in folder.folders.values():
        if id(inner) not in owned and any(file.endswith(".sql") and file not in _NO_MIGRATIONS for file in inner.files):
            yield inner
        yield from _outside(inner, owned)


def _search(folder: Folder) -> list[Found]:
    """What a folder and those below it hold; .sql files above a tool's own folder are not migrations, but a dump or so."""
    own = candidates(folder)
    if own is not None and own.strength > Strength.FALLBACK:
        return [own]
    below = [found for inner in folder.folders.values() for found in _search(inner)]
    if own is None or any(found.strength > Strength.FALLBACK for found in below):
        return below
    return [own, *below]


def _is_migrations(found: Found) -> bool:
    return found.strength > Strength.FALLBACK or bool(_NAMED_FOR_MIGRATIONS.match(found.folder.name))
