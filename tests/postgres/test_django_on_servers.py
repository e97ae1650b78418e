"""What is rendered of Django's migrations is what `manage.py sqlmigrate` prints on a server, one migration after the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from migrasafe.migrations.read import read_history
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Transaction
from tests.postgres.servers import Database
from tests.test_django import SHOP, sent

_PROGRAM = """
import io, json, sys
import django
from django.core.management import call_command

django.setup()
call_command("migrate", "auth", verbosity=0)
for name in sys.argv[1:]:
    label, _, migration = name.partition(".")
    out = io.StringIO()
    call_command("sqlmigrate", label, migration, stdout=out, no_color=True)
    call_command("migrate", label, migration, verbosity=0)
    print(json.dumps([name, out.getvalue()]))
"""


@pytest.mark.majors(15, 18)
def test_every_statement_is_what_django_sends(each_major: int, database: Database, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    (shop / "shop_secrets.py").write_text('SECRET_KEY = "a"\n')
    (shop / "somewhere_else.py").write_text("class MoneyMixin:\n    pass\n")
    (history,) = read_history([str(SHOP)])
    at = conninfo_to_dict(database.dsn)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "SHOP_DATABASE": str(at["dbname"]),
        "SHOP_HOST": str(at["host"]),
        "SHOP_PORT": str(at.get("port", "")),
        "SHOP_USER": str(at["user"]),
    }
    names = [one.id for one in history.migrations]
    command = [sys.executable, "-c", _PROGRAM, *names]
    ran = subprocess.run(command, cwd=shop, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    printed = dict(json.loads(line) for line in ran.stdout.splitlines())
    for migration in history.migrations:
        of_functions = 'UPDATE "orders_order" SET "status"'  # which sqlmigrate does not show
        ours = [text for _, text in sent(migration) if not text.startswith(of_functions)]
        assert ours == _statements(printed[migration.id]), migration.id


def _statements(text: str) -> list[str]:
    script = read_script(Source(path="", text=text))
    return [
        " ".join(text[one.span.start : one.span.end].split())
        for one in script.statements
        if not isinstance(one, Transaction)
    ]
