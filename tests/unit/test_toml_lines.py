"""The line of each key of a TOML file, held against tomllib: what is changed on that line is the key that changes."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrasafe.toml_lines import Key, first_deeper, is_there, line_of

Keys = tuple[Key, ...]

LOOK_ALIKES = '''\
# a = 1
title = "a = 2 # no comment" # a = 3
b.c."d.e" = [ # ["x"]
  1,
  {q = 2, r.'s t' = """
a = 4
[t.u]
"""},
  [5,
   6], ]
[t . "u"]
"v\\u00e9" = \'\'\'
w = 7
[t.x]\'\'\'\'\'
w = 1979-05-27 07:32:00
[[arr]]
z = 1.5e3
[[arr]]
y = {k = 8}
[arr.in]
q = ["""x"""", "y", 1]
[[arr.m]]
n = {}
[[arr.m]]
n = []
[t]
own = 9
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), None),
        (("a",), None),
        (("title",), 2),
        (("b",), 3),
        (("b", "c", "d.e"), 3),
        (("b", "c", "d.e", 0), 4),
        (("b", "c", "d.e", 1, "q"), 5),
        (("b", "c", "d.e", 1, "r", "s t"), 5),
        (("b", "c", "d.e", 2, 0), 9),
        (("b", "c", "d.e", 2, 1), 10),
        (("t",), 11),
        (("t", "u", "v\u00e9"), 12),
        (("t", "u", "w"), 15),
        (("arr", 0, "z"), 17),
        (("arr", 1), 18),
        (("arr", 1, "y", "k"), 19),
        (("arr", 1, "in", "q"), 21),
        (("arr", 1, "in", "q", 2), 21),
        (("arr", 1, "m", 0, "n"), 23),
        (("arr", 1, "m", 1), 24),
        (("arr", 1, "m", 1, "n"), 25),
        (("t", "own"), 27),
        (("t", "u", "missing"), 11),
        (("arr", 1, "in", "missing", "too"), 20),
        (("arr", 7), 16),
    ],
)
def test_each_key_has_its_line_or_that_of_its_table(keys: Keys, line: int | None) -> None:
    assert line_of(LOOK_ALIKES, keys) == line
    assert is_there(LOOK_ALIKES, keys) == ("missing" not in keys and 7 not in keys and keys != ("a",))


def test_ends_of_lines_of_windows_count_once() -> None:
    assert line_of("a = 1\r\n\r\n[b]\r\nc = 2\r\n", ("b", "c")) == 4


def test_every_key_that_tomllib_reads_is_found() -> None:
    assert [keys for keys, _ in below(tomllib.loads(LOOK_ALIKES)) if not is_there(LOOK_ALIKES, keys)] == []


class Writer:
    """Writes a document in which each key and each number is there once, but for look-alikes in strings and comments."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0

    def number(self) -> str:
        self.count += 1
        return str(1_000_000 + self.count)

    def key(self) -> str:
        self.count += 1
        name = f"k{self.count}x"
        return self.rng.choice(
            [name, name, f'"{name}"', f"'{name}'", f'"{name}.a = ]"', f"'{name}#\"'", f'"{name}\\""']
        )

    def dotted(self) -> str:
        return self.rng.choice([".", " . "]).join(self.key() for _ in range(self.rng.choice([1, 1, 1, 2, 3])))

    def look_alike(self) -> str:
        said = f"k{self.rng.randint(1, self.count + 3)}x = {1_000_000 + self.rng.randint(1, self.count + 3)}"
        return self.rng.choice([said, f"[{said.split()[0]}]", f"{said}, ]}}", "[[", "}", "'", "#"])

    def scalar(self) -> str:
        one, other = self.look_alike(), self.look_alike()
        texts = [
            f'"{one}"',
            f'"""\n{one}\n{other}"""',
            f"'''{one.replace(chr(39), '')}\n{other.replace(chr(39), '')}\n'''",
        ]
        return self.rng.choice([self.number(), self.number(), self.number(), *texts])

    def value(self, depth: int) -> str:
        kind = self.rng.choice(["scalar", "scalar", "list", "table"]) if depth else "scalar"
        if kind == "list":
            gap = self.rng.choice(["", "\n", "\n  # " + self.look_alike() + "\n"])
            inside = f",{gap}".join(self.value(depth - 1) for _ in range(self.rng.randint(0, 3)))
            return f"[{gap}{inside}{self.rng.choice(['', gap])}]"
        if kind == "table":
            pairs = ", ".join(f"{self.dotted()} = {self.value(depth - 1)}" for _ in range(self.rng.randint(0, 3)))
            return "{" + pairs + "}"
        return self.scalar()

    def pairs(self) -> str:
        ends = ["", "", "\n", f" # {self.look_alike()}", f"\n# {self.look_alike()}"]
        return "".join(
            f"{self.rng.choice(['', '  '])}{self.dotted()} = {self.value(3)}{self.rng.choice(ends)}\n"
            for _ in range(self.rng.randint(0, 4))
        )

    def document(self) -> str:
        parts, names = [self.pairs()], []
        for _ in range(self.rng.randint(0, 5)):
            if names and self.rng.random() < 0.5:
                again = self.rng.choice(names)
                parts.append(
                    self.rng.choice([f"[[{again}]]\n", f"[{again}.{self.dotted()}]\n", f"[[{again}.{self.key()}]]\n"])
                )
            elif self.rng.random() < 0.5:
                names.append(self.dotted())
                parts.append(f"[[ {names[-1]} ]] # {self.look_alike()}\n")
            else:
                parts.append(f"[{self.dotted()}]\n")
            parts.append(self.pairs())
        return "".join(parts)


def below(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """All that is in a value, with the keys that lead there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in items:
        yield (*keys, key), held
        yield from below(held, (*keys, key))


def changed_on(text: str, line: int, old: str, new: str) -> Any:
    lines = text.split("\n")
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    return tomllib.loads("\n".join(lines))


@settings(max_examples=80)
@given(st.randoms(use_true_random=False))
def test_a_number_that_is_changed_on_the_line_is_the_one_that_changes(rng: random.Random) -> None:
    text = Writer(rng).document()
    before = dict(below(tomllib.loads(text)))
    for keys, held in before.items():
        line = line_of(text, keys)
        assert line is not None
        assert is_there(text, keys)
        if not isinstance(held, int):
            continue
        after = dict(below(changed_on(text, line, str(held), "7")))
        numbers = {at: was for at, was in before.items() if isinstance(was, int) and after.get(at) != was}
        assert numbers == {keys: held}


@settings(max_examples=80)
@given(st.randoms(use_true_random=False))
def test_a_key_that_is_renamed_on_the_line_is_the_one_that_goes(rng: random.Random) -> None:
    text = Writer(rng).document()
    before = dict(below(tomllib.loads(text)))
    for keys in before:
        name = keys[-1]
        if isinstance(name, int) or "[[" in text:  # a table of an array is gone on with by its name
            continue
        line = line_of(text, keys)
        assert line is not None
        stem = name[: name.index("x") + 1]
        after = dict(below(changed_on(text, line, stem, f"{stem}y")))
        gone = {at for at in before if at not in after}
        assert keys in gone
        assert all(at[: len(keys)] == keys for at in gone)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = [\n[\n[", 4),
        ("a = '''\n[[[[[\n'''\nb = '[[[['", None),
        ("a = 1\nb.c.d.e = 2", 2),
        ("a = 1.5\nb = [1.5, 2.5, 3.5]", None),
        ("[[a.b]]\n[x.y]", 1),
        ('[a.b]\n[x.y]\n# [[[[\nb."c.d.e.f".g = 1 # ....', None),
        ("a = {b.c.d.e = 1}", 1),
    ],
)
def test_what_is_nested_is_counted_in_brackets_and_parts_of_keys(text: str, line: int | None) -> None:
    assert first_deeper(text, 2) == line
