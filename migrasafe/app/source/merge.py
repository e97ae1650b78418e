"""One version of an app, known from several sources: its programs, and what a server says it ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migrasafe.app.model import App, Mention


class _Words(Mapping[str, tuple[Mention, ...]]):
    """The words of several apps, looked up when somebody asks."""

    def __init__(self, words: Sequence[Mapping[str, tuple[Mention, ...]]]) -> None:
        self._words = words

    def __getitem__(self, key: str) -> tuple[Mention, ...]:
        mentions = tuple(mention for words in self._words for mention in words.get(key, ()))
        if not mentions:
            raise KeyError(key)
        return mentions

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for words in self._words for key in words))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def merged(label: str, apps: Sequence[App]) -> App:
    """All that is in any of them."""
    return App(
        label=label,
        queries=tuple(query for app in apps for query in app.queries),
        words=_Words([app.words for app in apps]),
        unread=tuple(problem for app in apps for problem in app.unread),
        notices=tuple(notice for app in apps for notice in app.notices),
        files=sum(app.files for app in apps),
        texts={path: text for app in apps for path, text in app.texts.items()},
    )
