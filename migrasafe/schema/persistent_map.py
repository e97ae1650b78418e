"""A map that never changes: `insert` and `remove` give another one, which shares most of its entries with the first.

The entries lie in two dicts, a large one that many maps share, and a small one with what is different since: a change copies
the small one. Once it has as many entries as the root of the others, both become one. For 10,000 entries a change so costs as
much as copying some 150 of them, and looking up, which happens most by far, a look or two into a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, ItemsView, Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_FEW = 16
"""So many differences are kept apart from however few others."""
_GONE: Any = object()
"""In the place of a value: the key is no longer there."""
_made = object.__new__


class PersistentMap(Mapping[K, V]):
    """Frozen; equal to any mapping with the same entries."""

    __slots__ = ("_new", "_old")

    def __init__(self, entries: Iterable[tuple[K, V]] | dict[K, V] = ()) -> None:
        self._old: dict[K, V] = dict(entries)
        self._new: dict[K, V] = {}

    @classmethod
    def unread(cls, entries: dict[K, bytes], read: Callable[[bytes], V]) -> PersistentMap[K, V]:
        """A map whose values are read when they are looked up, each once."""
        made = cls.__new__(cls)
        made._old = _Unread(entries, read)
        made._new = {}
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return PersistentMap, (dict(self.items()),)  # _GONE is only itself in one process

    def insert(self, key: K, value: V) -> PersistentMap[K, V]:
        """With this value for the key, in the place of another one if there was one."""
        made: PersistentMap[K, V] = _made(PersistentMap)
        made._old = old = self._old
        made._new = new = self._new.copy()
        new[key] = value
        if len(new) > _FEW and len(new) ** 2 > len(old):
            made._old, made._new = _one(old, new), {}
        return made

    def remove(self, key: K) -> PersistentMap[K, V]:
        """Without the key. Raises KeyError if it is not there."""
        if key not in self:
            raise KeyError(key)
        return self.insert(key, _GONE)

    @overload
    def get(self, key: object, /) -> V | None: ...
    @overload
    def get(self, key: object, default: V | D, /) -> V | D: ...
    def get(self, key: Any, default: Any = None, /) -> Any:
        """The value for a key, or for anything equal to it, as a plain tuple is to a named one."""
        if key not in self._new:
            return self._old.get(key, default)
        found = self._new[key]
        return default if found is _GONE else found

    def __getitem__(self, key: K) -> V:
        if key not in self:
            raise KeyError(key)
        found: V = self._new.get(key, self._old.get(key))  # type: ignore[assignment]  # it is there
        return found

    def __contains__(self, key: object) -> bool:
        if key in self._new:
            return self._new[key] is not _GONE
        return key in self._old

    def __len__(self) -> int:
        count = len(self._old)
        for key, value in self._new.items():
            count += (value is not _GONE) - (key in self._old)
        return count

    def __iter__(self) -> Iterator[K]:
        for key in self._old:
            if key not in self._new:
                yield key
        for key, value in self._new.items():
            if value is not _GONE:
                yield key

    def items(self) -> ItemsView[K, V]:
        return _Items(self)

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return f"PersistentMap({dict(self.items())!r})"


def _one(old: dict[K, V], new: dict[K, V]) -> dict[K, V]:
    both = old | new
    for key, value in new.items():
        if value is _GONE:
            del both[key]
    return both


class _Unread(dict[K, Any]):
    """The entries of a map, those that nobody has looked up as bytes."""

    def __init__(self, entries: dict[K, bytes], read: Callable[[bytes], Any]) -> None:
        super().__init__(entries)
        self._read = read

    def get(self, key: K, default: Any = None, /) -> Any:
        found = super().get(key, default)
        if type(found) is bytes:
            found = self[key] = self._read(found)
        return found

    def items(self) -> Any:
        for key in self:
            self.get(key)
        return super().items()

    def __or__(self, other: Any) -> Any:
        return _Unread(super().__or__(other), self._read)


class _Items(ItemsView[K, V]):
    """The entries of a map without a look-up for each."""

    _mapping: PersistentMap[K, V]

    def __iter__(self) -> Iterator[tuple[K, V]]:
        new = self._mapping._new
        for entry in self._mapping._old.items():
            if entry[0] not in new:
                yield entry
        for entry in new.items():
            if entry[1] is not _GONE:
                yield entry


NOTHING: PersistentMap[Any, Any] = PersistentMap()
