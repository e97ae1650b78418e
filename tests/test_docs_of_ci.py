"""What docs/ci.md shows can be run: its options and formats are there, its YAML is what the systems read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from migrasafe.cli.lint.command import lint
from migrasafe.cli.outputs import outputs
from migrasafe.report import FORMATS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/ci.md").read_text()
COMMANDS = re.findall(r"(?:^|/)migrasafe lint ([^'\n]+)", PAGE, re.MULTILINE)
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_have_options_that_there_are(command: str) -> None:
    words = [word for word in shlex.split(command) if word != "…"]
    assert lint.make_context("lint", words).params["since"] == "origin/main"


def test_the_table_names_formats_that_there_are() -> None:
    shown = re.findall(r"`--output (\S+)`", PAGE)
    assert len(shown) > 8
    for value in shown:
        assert outputs("text", [value], FORMATS)[1].format in FORMATS


def test_the_workflow_uses_inputs_and_outputs_of_the_action() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = [one for one in BLOCKS[0]["jobs"]["migrasafe"]["steps"] if one.get("id") == "migrasafe"]
    assert set(step["with"]) <= set(action["inputs"])
    assert set(re.findall(r"steps\.migrasafe\.outputs\.([\w-]+)", PAGE)) <= set(action["outputs"])


def test_the_gitlab_variables_are_those_of_the_include() -> None:
    job = yaml.safe_load((ROOT / "ci/gitlab/migrasafe.yml").read_text())["migrasafe"]
    assert (ROOT / BLOCKS[1]["include"][0]["file"]).is_file()
    assert set(BLOCKS[1]["migrasafe"]["variables"]) <= set(job["variables"])
