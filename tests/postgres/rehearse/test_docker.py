"""The sandbox in a container. Runs where an engine is asked for: MIGRASAFE_TEST_SERVER=docker, MIGRASAFE_TEST_IMAGE=…"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import psycopg
import pytest
from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.errors import ServerError
from migrasafe.postgres.server.docker import OFFICIAL, major_in
from migrasafe.postgres.server.find import IMAGE_VARIABLE
from migrasafe.rehearse.sandbox.server import open_sandbox
from migrasafe.rehearse.sandbox.wanted import Wanted

pytestmark = [pytest.mark.postgres, pytest.mark.docker]

IMAGE = os.environ.get(IMAGE_VARIABLE, OFFICIAL)
MAJOR = major_in(IMAGE) or 15
BUSY = """
import signal, sys, time
from migrasafe.rehearse.sandbox.server import open_sandbox
from migrasafe.rehearse.sandbox.wanted import Wanted
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs are made to ignore
print("begun", flush=True)
with open_sandbox(Wanted(image=sys.argv[1], major=int(sys.argv[2]))) as sandbox, sandbox.database() as made:
    print(made, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def ours(engine: docker.DockerClient) -> list[str]:
    """The containers of sandboxes."""
    return [one.name for one in engine.containers.list(all=True) if str(one.name).startswith("migrasafe-")]


def test_a_container_is_a_sandbox_and_goes_with_it(engine: docker.DockerClient) -> None:
    with open_sandbox(Wanted(image=IMAGE, major=MAJOR)) as sandbox:
        assert sandbox.major == MAJOR and "(Docker)" in sandbox.description and not sandbox.warning
        with sandbox.database() as dsn, psycopg.connect(dsn) as session:
            assert session.execute("SHOW autovacuum").fetchone() == ("off",)
            assert session.execute("SHOW lc_collate" if MAJOR < 16 else "SHOW lc_messages").fetchone() == ("C",)
    assert ours(engine) == []


def test_another_version_than_the_one_that_is_meant_is_said() -> None:
    with open_sandbox(Wanted(image=IMAGE.replace("{major}", str(MAJOR)), major=MAJOR + 1)) as sandbox:
        assert sandbox.major == MAJOR
        assert f"is PostgreSQL {MAJOR}, not {MAJOR + 1}" in sandbox.warning


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("early", [True, False])
def test_a_process_that_is_ended_leaves_no_container(
    engine: docker.DockerClient, number: signal.Signals, *, early: bool
) -> None:
    command = [sys.executable, "-c", BUSY, IMAGE, str(MAJOR)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    if early:
        time.sleep(0.7)  # the container is being made
    else:
        assert "dbname=migrasafe_rehearsal" in process.stdout.readline()
    os.kill(process.pid, number)
    process.communicate()
    for _ in range(300):
        if not ours(engine):
            break
        time.sleep(0.1)
    assert ours(engine) == []


def test_an_image_without_postgresql_is_one_sentence(engine: docker.DockerClient) -> None:
    with pytest.raises(ServerError, match=r"Docker could not start no\.such\.host/image:1: .+") as raised:
        open_sandbox(Wanted(image="no.such.host/image:1"))
    assert "\n" not in str(raised.value)
    assert ours(engine) == []


def test_a_plan_is_proved_in_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.sql").write_text("CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);")
    monkeypatch.chdir(tmp_path)
    words = ["plan", "rename", "users.name", "full_name", "--schema", "shop.sql", "--pg-version", str(MAJOR)]
    done = CliRunner().invoke(cli, [*words, "--prove", "--image", IMAGE], standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0, done.output
    assert "(Docker)" in done.output and "proved: everything held" in done.output
