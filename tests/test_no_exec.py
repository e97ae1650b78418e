"""`lint --no-exec`: none of the project's code is run, what is written out is read, and the rest is said not to be."""

from __future__ import annotations

import json
from pathlib import Path

from migrasafe.migrations.alembic.without_running import readable
from tests.in_process import Ran, migrasafe

HEAD = "from alembic import op\nimport sqlalchemy as sa\nimport os\n\nrevision = '1'\ndown_revision = None\n"


def lint(folder: Path, body: str, *arguments: str, head: str = HEAD) -> Ran:
    (folder / "versions").mkdir()
    (folder / "versions" / "1_first.py").write_text(f"{head}\ndef upgrade():\n{body}\n")
    (folder / "env.py").write_text("from alembic import context\nopen('env_ran', 'w')\n")
    return migrasafe(folder, "lint", ".", "--no-exec", *arguments)


def test_calls_that_are_written_out_are_read_with_their_lines(tmp_path: Path) -> None:
    body = (
        "    op.drop_table('orders')\n"
        "    op.add_column('users', sa.Column('age', sa.Integer(),\n        nullable=False))\n"
        "    with op.batch_alter_table('users', schema=None) as batch_op:\n"
        "        batch_op.drop_column('email')\n"
    )
    ran = lint(tmp_path, body, "--format", "json")
    assert ran.returncode == 1
    found = {(one["rule"], one["line"]) for one in json.loads(ran.stdout)["findings"]}
    assert found >= {
        ("drop-table-in-use", 9),
        ("add-not-null-column-without-default", 10),
        ("drop-column-in-use", 13),
    }
    assert "not read" not in ran.stdout


HOSTILE = [
    "open('ran', 'w')",
    "os.system('touch ran')",
    "op.execute(str(open('ran', 'w')))",
    "sa.util.os.system('touch ran')",
    "sa.create_engine('sqlite:///ran').connect()",
    "op.execute(f'SELECT {open(chr(114), chr(119))}')",
    "[op.drop_table(t) for t in ('a', 'b')]",
    "if op.get_bind().dialect.name == 'postgresql': op.drop_table('a')",
    "getattr(op, 'execute')('DROP TABLE a')",
    "op.get_bind().engine.dispose()",
]


def test_what_would_run_code_is_not_run_and_said_not_to_be_read(tmp_path: Path) -> None:
    ran = lint(tmp_path, "\n".join(f"    {statement}" for statement in HOSTILE))
    for line in range(9, 9 + len(HOSTILE)):
        assert f"not checked: versions/1_first.py:{line}\n  not read without running it (--no-exec): " in ran.stdout
    assert f"{len(HOSTILE)} places could not be checked" in ran.stdout  # never a silent "fine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["env.py", "versions"]


def test_code_beside_the_revision_is_not_run_either(tmp_path: Path) -> None:
    head = f"{HEAD}open('ran', 'w')\nNAME = 'orders'\nLATER = open('ran', 'w')\n"
    ran = lint(tmp_path, "    op.drop_table(NAME)\n    op.drop_table(LATER)", head=head)
    assert "drop-table-in-use" in ran.stdout
    assert "not read without running it (--no-exec): op.drop_table(LATER)" in ran.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["env.py", "versions"]


def test_a_name_that_was_given_another_value_is_no_longer_known() -> None:
    text = f"{HEAD}\ndef upgrade():\n    name = 'a'\n    name = os.name\n    op.drop_table(name)\n    op = os\n    op.execute('x')\n"
    found = readable(text, "upgrade")
    assert [one.what for one in found.left_out] == [
        "name = os.name",
        "op.drop_table(name)",
        "op = os",
        "op.execute('x')",
    ]


def test_rules_of_the_project_and_downgrades_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("open('ran', 'w')\n")
    (tmp_path / "migrasafe.toml").write_text('rules = ["rules.py"]\n')
    ran = lint(tmp_path, "    pass")
    assert (ran.returncode, "migrasafe.toml:1: rules: a project's own rules are code" in ran.stderr) == (2, True)
    assert not (tmp_path / "ran").exists()
    assert "--down runs the revisions" in migrasafe(tmp_path, "lint", ".", "--no-exec", "--no-config", "--down").stderr


def test_django_is_not_run_and_said_not_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "0001_initial.py").write_text(
        "from django.db import migrations\n\nopen('ran', 'w')\n\nclass Migration(migrations.Migration):\n    operations = []\n"
    )
    ran = migrasafe(tmp_path, "lint", ".", "--no-exec")
    assert not (tmp_path / "ran").exists()
    assert "which --no-exec does not run" in ran.stdout
