"""The verdict as one HTML page that needs nothing else: no script, no network; light and dark, phone and desktop."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from migrasafe import __version__
from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Weight
from migrasafe.report.compat.words import RELEASE, Texts, by_place, cell, place_of, reason, when
from migrasafe.report.html import style

_WORDS = {Weight.FAILS: ("error", "breaks"), Weight.MAY_FAIL: ("warning", "can break"), Weight.RISK: ("info", "note")}


class _Shown(Struct, frozen=True, kw_only=True):
    """A line of the app that breaks."""

    kind: str
    word: str
    when: str
    where: str
    line: str
    reasons: tuple[str, ...]
    rewrites: tuple[str, ...]


class _ShownMigration(Struct, frozen=True, kw_only=True):
    verdict: MigrationVerdict
    old: str
    new: str
    breaks: tuple[_Shown, ...]

    @property
    def quiet(self) -> bool:
        """Whether the table says all there is."""
        return not self.breaks and not self.verdict.not_understood


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """The page: the verdict, the steps, the table, and for each migration the lines of the app that it breaks."""
    import jinja2  # here, because only this report and plans need it

    template = Path(__file__).with_name("compat_report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=True)
    return environment.from_string(template).render(
        style=environment.filters["safe"](style()),
        result=result,
        release=RELEASE[result.deploy],
        migrations=tuple(_migration(one, texts or {}) for one in result.migrations),
        left=tuple(
            _shown([one], f"breaks the {one.version.value} app", texts or {})
            for one in result.left
            if one.weight is Weight.FAILS
        ),
        version=__version__,
    )


def _migration(one: MigrationVerdict, texts: Texts) -> _ShownMigration:
    breaks = tuple(_shown(same, when(same[0], one), texts) for same in by_place(one.breakages))
    return _ShownMigration(verdict=one, old=cell(one.old), new=cell(one.new), breaks=breaks)


def _shown(same: list[Breakage], said: str, texts: Texts) -> _Shown:
    """Breakages at one place of the app, which several queries can share."""
    first = same[0]
    kind, word = _WORDS[first.weight]
    place = place_of(first, texts)
    lines = texts.get(first.version, {}).get(place.path, "").split("\n")
    return _Shown(
        kind=kind,
        word=word,
        when=said,
        where=str(first.location),
        line=lines[place.line - 1].strip() if 0 < place.line <= len(lines) else "",
        reasons=tuple(dict.fromkeys(reason(one) for one in same)),
        rewrites=tuple(dict.fromkeys(one.rewrite for one in same if one.rewrite)),
    )
