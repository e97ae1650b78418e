"""What a tool owns shows one of the signs that it is asked by: no folder is lost to a glance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.migrations.folder import Folder, list_folder
from migrasafe.migrations.formats import FORMATS, load_format
from migrasafe.migrations.formats.signs import may_own, signs_of

FIXTURES = Path(__file__).parents[3] / "fixtures"


def _folders(folder: Folder) -> Iterator[Folder]:
    yield folder
    for inner in folder.folders.values():
        yield from _folders(inner)


@pytest.fixture(scope="module")
def folders() -> list[Folder]:
    return list(_folders(list_folder(str(FIXTURES))))


@pytest.mark.parametrize("layout", FORMATS)
def test_every_folder_of_a_tool_has_its_sign(layout: str, folders: list[Folder]) -> None:
    owned = [folder for folder in folders if load_format(layout).claims(folder) is not None]
    assert owned
    assert [folder.path for folder in owned if not may_own(layout, signs_of(folder))] == []
