"""Revisions and migrations that end, wait, fork, eat memory or reach out: every command that reads them says so, and ends."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path

import pytest

from migrasafe.migrations.django.process import rendered
from migrasafe.migrations.django.project import project_at
from migrasafe.migrations.django.read import setup_of
from tests.in_process import migrasafe

BODIES = {
    "ends": "import os; os._exit(0)",
    "says that it is done": "import sys; sys.exit(0)",
    "is interrupted": "raise KeyboardInterrupt",
    "forks": "import os; os.fork()",
    "takes memory": "bytearray(1 << 45)",
    "goes too deep": "f = lambda: f(); f()",
    "listens": "import socket; socket.create_server(('127.0.0.1', 0))",
    "starts a program": "import os; os.system('true')",
    "kills its parent": "import os, signal; os.kill(os.getppid(), signal.SIGTERM)",
}
HARMLESS = "import sys; print('printed' * 1_000); sys.stderr.write('printed'); sys.stdin.read()"
COMMANDS = [
    ("lint", "."),
    ("lint", ".", "--down"),
    ("compat", ".", "--old", "app", "--new", "app"),
    ("plan", "."),
    ("init", "--yes"),
]


def alembic(folder: Path) -> None:
    (folder / "versions").mkdir()
    (folder / "env.py").write_text("from alembic import context\n")
    (folder / "app").mkdir()
    for number, body in enumerate([*BODIES.values(), HARMLESS], start=1):
        before = f"'r{number - 1}'" if number > 1 else None
        text = f"""
        from alembic import op
        revision = 'r{number}'
        down_revision = {before}

        def upgrade():
            {body}

        def downgrade():
            {body}
        """
        (folder / "versions" / f"r{number}.py").write_text(textwrap.dedent(text))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_hostile_revisions_are_not_checked_and_that_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    alembic(tmp_path)
    ran = migrasafe(tmp_path, *command)
    assert ran.returncode in (0, 1, 2), ran.stderr
    assert "bug in" not in ran.stderr
    assert "printed" * 100 not in ran.stdout + ran.stderr
    if command[0] in ("lint", "compat"):
        said = [number for number in range(1, len(BODIES) + 1) if f"r{number}.py" in ran.stdout + ran.stderr]
        assert said == list(range(1, len(BODIES) + 1))
    if command[0] == "compat":
        assert "r1   " in ran.stdout
        assert "unknown" in ran.stdout
    if command[0] == "plan":
        assert ran.returncode == 2


@pytest.mark.postgres
def test_a_rehearsal_of_hostile_revisions_does_not_end_well(tmp_path: Path) -> None:
    alembic(tmp_path)
    ran = migrasafe(tmp_path, "rehearse", ".")
    assert ran.returncode == 1, ran.stderr
    said = [number for number in range(1, len(BODIES) + 1) if f"r{number}.py:" in ran.stderr]
    assert said == list(range(1, len(BODIES) + 1))
    assert "what could not be read was not rehearsed" in ran.stderr
    assert "printed" * 100 not in ran.stdout + ran.stderr


@pytest.mark.postgres
def test_what_was_not_read_before_the_last_migrations_is_said(tmp_path: Path) -> None:
    alembic(tmp_path)
    ran = migrasafe(tmp_path, "rehearse", ".", "--last", "1")
    assert ran.returncode == 1, ran.stderr
    assert "r1.py:" in ran.stderr
    assert "what could not be read before the last 1 was not run" in ran.stderr
    assert "was not rehearsed" not in ran.stderr


def django(folder: Path, *bodies: str) -> Path:
    (folder / "shop" / "migrations").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "migrations" / "__init__.py").touch()
    for number, body in enumerate(bodies, start=1):
        text = (
            f"from django.db import migrations\n{body}\nclass Migration(migrations.Migration):\n    operations = []\n"
        )
        (folder / "shop" / "migrations" / f"{number:04}_m.py").write_text(text)
    return folder / "shop" / "migrations"


@pytest.mark.parametrize("name", [*BODIES])
def test_hostile_migrations_of_django_are_not_checked_and_that_is_said(name: str, tmp_path: Path) -> None:
    place = django(tmp_path, BODIES[name])
    ran = migrasafe(tmp_path, "lint", str(place))
    assert ran.returncode == 0, ran.stderr
    assert "1 place could not be checked" in ran.stdout, ran


MADE = """from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [migrations.CreateModel("Order", [("id", models.BigAutoField(primary_key=True)), ("email", models.TextField())])]
"""
HIDING = """from django.db import migrations
class Hiding(migrations.RemoveField):
    def {method}(self, *arguments, **named):
        {body}
        return super().{method}(*arguments, **named)
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_m")]
    operations = [Hiding("order", "email")]
"""
ENDINGS = ["import os; os._exit(0)", "import sys; sys.exit(0)", "raise KeyboardInterrupt", "import os; os.fork()"]


def hiding(folder: Path, body: str, method: str = "database_forwards") -> Path:
    """A project whose second migration does this before it drops a column."""
    place = django(folder, "", "")
    (place / "0001_m.py").write_text(MADE)
    (place / "0002_m.py").write_text(HIDING.format(method=method, body=body))
    (folder / "app").mkdir()
    (folder / "app" / "queries.sql").write_text("SELECT email FROM shop_order;\n")
    return place


@pytest.mark.parametrize("method", ["state_forwards", "database_forwards"])
@pytest.mark.parametrize("body", ENDINGS)
def test_an_operation_that_ends_the_process_is_not_passed_over(body: str, method: str, tmp_path: Path) -> None:
    place = str(hiding(tmp_path, body, method))
    ran = migrasafe(tmp_path, "lint", place)
    assert ran.returncode == 0
    assert "1 place could not be checked" in ran.stdout
    ran = migrasafe(tmp_path, "compat", place, "--old", "app", "--new", "app")
    assert (ran.returncode, "not checked: " in ran.stdout or "is not understood: " in ran.stdout) == (1, True)
    ran = migrasafe(tmp_path, "plan", place, "--schema", place)
    assert (ran.returncode, "a plan of the rest would not be whole" in ran.stderr) == (2, True)
    ran = migrasafe(tmp_path, "plan", "drop", "shop_order.email", "--schema", place, "--out", "plans")
    assert "not read, and so not known: " in ran.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("body", ENDINGS)
def test_a_rehearsal_of_an_operation_that_ends_the_process_does_not_end_well(body: str, tmp_path: Path) -> None:
    ran = migrasafe(tmp_path, "rehearse", str(hiding(tmp_path, body)), "--rows", "10")
    assert ran.returncode == 1
    assert "what could not be read was not rehearsed" in ran.stderr


def test_a_migration_of_django_that_prints_and_reads_is_read(tmp_path: Path) -> None:
    ran = migrasafe(tmp_path, "lint", str(django(tmp_path, HARMLESS)))
    assert ran.returncode == 0
    assert "printed" not in ran.stdout + ran.stderr


def test_a_migration_of_django_that_loops_is_stopped(tmp_path: Path) -> None:
    project = project_at(django(tmp_path, "", "while True: pass"))
    began = time.monotonic()
    ran, _, death = rendered(setup_of(project), stall_seconds=8)
    assert "was not done with one of them within 8 seconds" in death
    assert time.monotonic() - began < 60
    assert len(ran) <= 1
