"""Each release in fixtures/compat has a migration for every order of deploys, and each is decided right."""

from __future__ import annotations

import pytest

from migrasafe.app.verdict import Deploy
from tests.compat_releases import RELEASES, read_release


@pytest.mark.parametrize("name", RELEASES)
def test_every_migration_is_decided_as_its_release_says(name: str) -> None:
    release = read_release(name)
    assert {one.id: one.deploy.value for one in release.result.migrations} == release.expected.deploy
    assert set(release.expected.deploy.values()) == {one.value for one in Deploy} - {"unknown"}
    assert not release.result.unread
