"""`lint --down`: downgrades of Alembic, judged on top of all that they take back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SHOP = Path(__file__).parent.parent / "fixtures" / "alembic-shop"
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {before}


def upgrade():
    {up}


def downgrade():
    {down}
"""


def lint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrasafe", "lint", "--no-config", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, *revisions: tuple[str, str]) -> None:
    """A chain of revisions from the statements of their `upgrade()` and `downgrade()`."""
    (folder / "versions").mkdir()
    for number, (up, down) in enumerate(revisions, start=1):
        before = repr(str(number - 1)) if number > 1 else None
        text = REVISION.format(id=number, before=before, up=up, down=down)
        (folder / "versions" / f"{number}_step.py").write_text(text, encoding="utf-8")


def found(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str, int]]:
    report: dict[str, Any] = json.loads(done.stdout)
    return [(one["rule"], Path(one["path"]).name, one["line"]) for one in report["findings"]]


CREATE = ('op.execute("CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20))")', 'op.drop_table("orders")')
WIDEN = (
    'op.alter_column("orders", "note", type_=sa.String(80))',
    """op.execute("SET lock_timeout = '2s'")
    op.alter_column("orders", "note", type_=sa.String(20))""",
)


def test_only_the_downgrades_are_reported_the_newest_first(tmp_path: Path) -> None:
    write(tmp_path, CREATE, WIDEN)
    done = lint("versions", "--down", "--format", "json", "--ignore", "missing-lock-timeout", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert [migration["id"] for migration in json.loads(done.stdout)["migrations"]] == ["2", "1"]
    assert found(done) == [
        ("change-column-type", "2_step.py", 15),
        ("drop-table-in-use", "1_step.py", 14),
    ]


def test_without_the_option_downgrades_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, CREATE, ('op.execute("SELECT 1")', "raise RuntimeError('no way back')"))
    done = lint("versions", "--format", "json", cwd=tmp_path)
    assert (done.returncode, found(done)) == (0, [])


def test_a_downgrade_that_refuses_is_reported_as_not_read(tmp_path: Path) -> None:
    write(tmp_path, CREATE, ('op.execute("SELECT 1")', "raise RuntimeError('no way back')"))
    done = lint("versions/2_step.py", "versions/1_step.py", "--down", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be rendered: RuntimeError: no way back; no statement was seen" in done.stdout


def test_revisions_given_by_name_are_the_only_ones_that_go_down(tmp_path: Path) -> None:
    write(tmp_path, CREATE, WIDEN)
    done = lint("versions/2_step.py", "--down", "--format", "json", cwd=tmp_path)
    assert [Path(migration["path"]).name for migration in json.loads(done.stdout)["migrations"]] == ["2_step.py"]


def test_other_tools_have_no_downgrades_to_render(tmp_path: Path) -> None:
    (tmp_path / "0001_orders.sql").write_text("CREATE TABLE orders (id int);", encoding="utf-8")
    done = lint("0001_orders.sql", "--down", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--down renders the downgrades of Alembic, and this is a history of plain" in done.stderr


def test_a_whole_project_goes_down() -> None:
    done = lint(".", "--down", "--format", "json", cwd=SHOP)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["files"] == len(report["migrations"]) == 9
    assert ("drop-table-in-use", "2024_03_create_orders.py", 23) in found(done)
