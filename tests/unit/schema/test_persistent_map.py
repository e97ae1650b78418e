"""A persistent map against a dict, and against its own past."""

from __future__ import annotations

import random

import pytest

from migrasafe.schema.persistent_map import PersistentMap


def test_it_holds_what_a_dict_would_hold_and_older_ones_stay_as_they_were() -> None:
    chance = random.Random(1)
    held: dict[int, int | None] = {}
    made: PersistentMap[int, int | None] = PersistentMap()
    past: list[tuple[PersistentMap[int, int | None], dict[int, int | None]]] = []
    for step in range(3_000):
        key = chance.randrange(400)
        if key in held and chance.random() < 0.4:
            del held[key]
            made = made.remove(key)
        else:
            held[key] = value = chance.choice((step, None))
            made = made.insert(key, value)
        assert len(made) == len(held)
        assert (key in made) is (key in held)
        assert made.get(key, -1) == held.get(key, -1)
        if step % 100 == 0:
            past.append((made, dict(held)))
    for then, expected in past:
        assert then == expected
        assert dict(then.items()) == expected
        assert sorted(then) == sorted(expected)
        assert all(then[key] == value for key, value in expected.items())


def test_what_is_not_there_cannot_be_asked_for_or_removed() -> None:
    made = PersistentMap([("a", 1)]).remove("a")
    assert made.get("a") is None
    assert not made
    with pytest.raises(KeyError):
        made["a"]
    with pytest.raises(KeyError):
        made.remove("a")


def test_maps_of_the_same_entries_are_equal_however_they_came_about() -> None:
    one = PersistentMap([("a", 1), ("b", 2)])
    other = PersistentMap([("c", 3)]).insert("b", 2).insert("a", 0).insert("a", 1).remove("c")
    assert one == other
    assert hash(one) == hash(other)
