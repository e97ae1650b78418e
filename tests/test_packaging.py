"""What ships: a wheel and a source distribution that install cleanly, an image, and the licences of what they need."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LICENCES = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+?) \|", (ROOT / "docs/licences.md").read_text(), re.MULTILINE))
ELSEWHERE = {"greenlet", "tzdata", "tomli"}
"""Needed on other machines or by other versions of Python only."""


def build(folder: Path, where: Path, *targets: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(where), *targets]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel and the source distribution of this checkout."""
    where = tmp_path_factory.mktemp("dist")
    build(ROOT, where)
    return where


def test_the_wheel_runs_where_nothing_of_the_checkout_is_seen(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (wheel,) = built.glob("*.whl")
    (packages,) = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    needed = Path(importlib.metadata.distribution("click").locate_file(""))
    hidden = 'import sys; sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in repr(one).lower()]'
    (packages / "needed.pth").write_text(f"{needed}\n{hidden}\n")
    (tmp_path / "1.sql").write_text("CREATE TABLE a (id int);\n")

    def run(*arguments: str) -> str:
        command = [str(home / "bin/python"), "-P", "-m", "migrasafe", *arguments]
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout

    where = [str(home / "bin/python"), "-P", "-c", "import migrasafe; print(migrasafe.__file__)"]
    assert str(packages) in subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert run("--version").startswith("migrasafe ")
    assert run("explain", "truncate-table").startswith("truncate-table")
    assert "in 1 migration, 1 statement" in run("lint", "1.sql", "--no-config")
    assert "<!doctype html>" in run("lint", "1.sql", "--no-config", "--format", "html")
    assert run("backfill", "--help")


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    build(unpacked, tmp_path / "again", "-t", "wheel")
    (wheel,), (again,) = built.glob("*.whl"), (tmp_path / "again").glob("*.whl")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        assert any(name.endswith("licenses/LICENSE") for name in first.namelist())


def _needed(requirements: Sequence[str], found: dict[str, importlib.metadata.Distribution]) -> None:
    """The packages that are installed because of these requirements, by name."""
    for text in requirements:
        requirement = Requirement(text)
        extras = requirement.extras or {""}
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key not in found:
            found[key] = importlib.metadata.distribution(key)
            _needed(found[key].requires or (), found)
        if "binary" in extras:
            found[f"{key}-binary"] = importlib.metadata.distribution(f"{key}-binary")


def test_the_licences_are_those_of_the_packages_that_are_installed() -> None:
    found: dict[str, importlib.metadata.Distribution] = {}
    _needed(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"], found)
    assert set(LICENCES) - {"package"} == set(found) - ELSEWHERE
    for name, package in found.items():
        if name in ELSEWHERE:
            continue
        told = package.metadata.get("License-Expression") or " ".join(
            [package.metadata.get("License") or "", *package.metadata.get_all("Classifier", [])]
        )
        family = LICENCES[name].split("-")[0]
        assert family in told or (family == "BSD" and "BSD" in told), f"{name}: {told}"
        assert not re.search(r"(?<!L)(?<!Lesser )\bA?GPL", told), name


def test_the_image_does_not_run_as_root_and_holds_no_tools_to_build_with() -> None:
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    last = stages[-1].splitlines()
    assert last.index("USER 10001:10001") < last.index('ENTRYPOINT ["migrasafe"]')
    assert "pip" not in stages[-1].replace("COPY --from=build", "")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", "\n".join(stages), re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().split()
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
