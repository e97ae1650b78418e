"""The revision graph is read from the text of the files, and ordered."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.migrations.alembic.graph import Revision, heads, in_order, read_revision
from migrasafe.sql.source import Source


def revision(id: str, *down: str, depends_on: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> Revision:
    return Revision(id=id, path=f"versions/{id}.py", line=3, down=down, depends_on=depends_on, labels=labels)


def ids(revisions: tuple[Revision, ...]) -> list[str]:
    return [one.id for one in revisions]


def read(text: str) -> Revision | None:
    return read_revision(Source(path="versions/x.py", text=text))


def test_a_file_says_what_it_follows() -> None:
    found = read(
        '"""Add a total\n\nRevision ID: b1\n"""\n\nrevision: str = "b1"\ndown_revision: str | None = "a1"\n'
        'branch_labels = ("shop",)\ndepends_on = ["r1"]\n\n\ndef upgrade():\n    op.execute("")\n'
    )
    assert found == Revision(
        id="b1",
        path="versions/x.py",
        line=6,
        down=("a1",),
        depends_on=("r1",),
        labels=("shop",),
        title="Add a total",
        upgrade_line=12,
        operations=frozenset({"execute"}),
    )


def test_a_merge_follows_several() -> None:
    found = read('revision = "c1"\ndown_revision = ("b1", "b2")\n')
    assert found is not None
    assert found.down == ("b1", "b2")


def test_names_that_were_given_a_value_are_followed() -> None:
    found = read('PARENT = "a1"\nrevision, down_revision = "b1", PARENT\nupgrade = down_revision\n')
    assert found is None or found.down == ("a1",)
    found = read('PARENT = "a1"\nrevision = "b1"\ndown_revision = PARENT\n')
    assert found is not None
    assert found.down == ("a1",)


def test_a_file_without_revision_is_none() -> None:
    assert read('"""Helpers."""\n\ndef upgrade():\n    pass\n') is None


def test_a_file_that_is_no_python_names_the_line() -> None:
    with pytest.raises(InputError, match=r"^versions/x\.py:2: Python 3\.\d+ cannot read this revision: "):
        read('revision = "a1"\ndown_revision = = None\n')


def test_a_computed_down_revision_names_the_line() -> None:
    with pytest.raises(InputError, match=r"^versions/x\.py:2: down_revision is computed"):
        read('revision = "b1"\ndown_revision = previous()\n')


def test_a_chain_runs_from_its_base_whatever_the_files_are_called() -> None:
    assert ids(in_order([revision("c", "b"), revision("a"), revision("b", "a")])) == ["a", "b", "c"]


def test_a_branch_stays_together_and_a_merge_comes_last() -> None:
    every = [revision("a"), revision("b1", "a"), revision("b2", "b1"), revision("c1", "a"), revision("d", "b2", "c1")]
    assert ids(in_order(every)) == ["a", "b1", "b2", "c1", "d"]


def test_several_heads_are_all_run() -> None:
    every = [revision("a"), revision("b", "a"), revision("c", "a")]
    assert ids(in_order(every)) == ["a", "b", "c"]
    assert ids(heads(every)) == ["b", "c"]


def test_what_a_revision_depends_on_runs_before_it() -> None:
    every = [revision("a", depends_on=("z",)), revision("y"), revision("z", "y")]
    assert ids(in_order(every)) == ["y", "z", "a"]


def test_a_branch_label_and_the_beginning_of_an_id_can_be_depended_on() -> None:
    every = [revision("a", depends_on=("reports", "abcd")), revision("r", labels=("reports",)), revision("abcdef")]
    assert ids(in_order(every)) == ["r", "abcdef", "a"]


def test_a_chain_of_thousands_is_ordered() -> None:
    every = [revision("0"), *(revision(str(number), str(number - 1)) for number in range(1, 3000))]
    assert ids(in_order(every[::-1])) == [str(number) for number in range(3000)]


def test_a_missing_revision_names_who_follows_it() -> None:
    with pytest.raises(InputError, match=r"versions/b\.py:3 follows a, which is in no file"):
        in_order([revision("b", "a")])


def test_a_missing_dependency_names_who_depends_on_it() -> None:
    with pytest.raises(InputError, match=r"versions/b\.py:3 depends on reports"):
        in_order([revision("b", depends_on=("reports",))])


def test_an_id_given_twice_names_both_files() -> None:
    other = Revision(id="a", path="versions/other.py", line=7)
    with pytest.raises(InputError, match=r"revision a is given twice, in versions/a\.py:3 and in versions/other\.py:7"):
        in_order([revision("a"), other])


def test_a_circle_names_its_files() -> None:
    with pytest.raises(InputError, match=r"circle: versions/b\.py:3 \(b\), versions/c\.py:3 \(c\)"):
        in_order([revision("a"), revision("b", "c"), revision("c", "b")])
