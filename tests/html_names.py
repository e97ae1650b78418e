"""What somebody with a keyboard or a screen reader needs of a page: one main part, and a name of its own for what scrolls."""

from __future__ import annotations

from html.parser import HTMLParser


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.mains = 0
        self.regions: list[str | None] = []
        self.out_of_reach: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.mains += tag == "main"
        if said.get("role") == "region":
            self.regions.append(said.get("aria-label"))
        if (tag == "pre" or said.get("role") == "region") and said.get("tabindex") != "0":
            self.out_of_reach.append(self.get_starttag_text() or tag)


def check_names(page: str) -> None:
    """AssertionError for a page that lacks them."""
    seen = _Seen()
    seen.feed(page)
    assert seen.mains == 1
    assert None not in seen.regions and len(set(seen.regions)) == len(seen.regions)
    assert seen.out_of_reach == []
