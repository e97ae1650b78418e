"""The releases in fixtures/compat: migrations, the old and the new version of an app, and what is decided about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.model import App
from migrasafe.app.read_app import read_app
from migrasafe.app.verdict import CompatResult, Version
from migrasafe.cli.inputs.read import histories
from migrasafe.cli.inputs.released import released
from migrasafe.migrations.model import Migration

FOLDER = Path(__file__).parent.parent / "fixtures" / "compat"
RELEASES = sorted(path.parent.name for path in FOLDER.glob("*/expected.json"))


class Expected(msgspec.Struct, frozen=True):
    """What expected.json holds."""

    migrations: str
    deploy: dict[str, str]
    first: str = msgspec.field(name="from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release as compat sees it, and what it says."""

    expected: Expected
    migrations: tuple[Migration, ...]
    apps: Mapping[Version, App]
    result: CompatResult


def read_release(name: str) -> Release:
    """Read one of the releases."""
    folder = FOLDER / name
    expected = msgspec.json.decode((folder / "expected.json").read_bytes(), type=Expected)
    read = histories((str(folder / expected.migrations),), None, {})
    apps = {version: read_app(str(folder / version.value)) for version in Version}
    options = CompatOptions(released=released(expected.first, str(folder / "old"), read))
    return Release(
        expected=expected,
        migrations=tuple(migration for history in read for migration in history.migrations),
        apps=apps,
        result=compat(read, apps[Version.OLD], apps[Version.NEW], options),
    )
