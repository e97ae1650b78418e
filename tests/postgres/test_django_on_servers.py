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


_RELATED = """
from django.conf import settings
from django.db import migrations, models

CASCADE = models.CASCADE


def forget(apps, editor):
    Line = apps.get_model("orders", "Line")
    Line.objects.filter(order__buyer__profile__badge__title="").update(price=0)
    Line.objects.filter(tags__parent__name="x").update(price=1)


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_names_are_looked_up")]
    operations = [
        migrations.CreateModel("Tag", [
            ("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9)),
            ("code", models.CharField(max_length=9, unique=True)),
            ("parent", models.ForeignKey("self", CASCADE, null=True)),
        ]),
        migrations.CreateModel("Profile", [
            ("user", models.OneToOneField(settings.AUTH_USER_MODEL, CASCADE, primary_key=True)),
        ]),
        migrations.CreateModel("Badge", [
            ("id", models.BigAutoField(primary_key=True)), ("title", models.TextField()),
            ("profile", models.ForeignKey("orders.Profile", CASCADE)),
            ("tag", models.ForeignKey("orders.Tag", CASCADE, to_field="code")),
        ]),
        migrations.CreateModel("Line", [
            ("id", models.AutoField(primary_key=True)), ("price", models.IntegerField()),
            ("order", models.ForeignKey("orders.Order", CASCADE)), ("tags", models.ManyToManyField("orders.Tag")),
        ]),
        migrations.CreateModel("Gift", [
            ("line_ptr", models.OneToOneField("orders.Line", CASCADE, parent_link=True, auto_created=True,
                primary_key=True, serialize=False)),
            ("text", models.TextField()),
        ], bases=("orders.line",)),
        migrations.CreateModel("Cheap", [], options={"proxy": True}, bases=("orders.gift",)),
        migrations.CreateModel("Card", [
            ("id", models.BigAutoField(primary_key=True)), ("gift", models.ForeignKey("orders.Cheap", CASCADE)),
        ]),
        migrations.RunPython(forget),
    ]
"""
_CHANGES = (
    'migrations.AlterField("tag", "id", models.BigAutoField(primary_key=True))',
    'migrations.AlterField("tag", "code", models.CharField(max_length=30, unique=True))',
    'migrations.AlterField("line", "id", models.BigAutoField(primary_key=True))',
    'migrations.RenameField("tag", "name", "label")',
    "migrations.SeparateDatabaseAndState(database_operations=["
    'migrations.AddField("gift", "tag", models.ForeignKey("orders.Tag", models.CASCADE, null=True))])',
    'migrations.AlterModelTable("line", "lines")',
    'migrations.RemoveField("line", "tags")',
    'migrations.DeleteModel("Card")',
)
"""Each in a migration of its own: sqlmigrate looks names up as they were before the whole migration."""


def _change(before: str, operation: str) -> str:
    head = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
    return f'{head}    dependencies = [("orders", "{before}")]\n    operations = [{operation}]\n'


@pytest.mark.majors(15, 18)
def test_every_statement_is_what_django_sends(each_major: int, database: Database, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop)
    (shop / "shop_secrets.py").write_text('SECRET_KEY = "a"\n')
    (shop / "somewhere_else.py").write_text("class MoneyMixin:\n    pass\n")
    (shop / "orders" / "migrations" / "0005_related.py").write_text(_RELATED)
    name = "0005_related"
    for number, operation in enumerate(_CHANGES, start=6):
        before, name = name, f"{number:04}_changed"
        (shop / "orders" / "migrations" / f"{name}.py").write_text(_change(before, operation))
    (history,) = read_history([str(shop)])
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
        of_functions = ('UPDATE "orders_order" SET "status"', 'UPDATE "orders_line" SET "price"')  # not in sqlmigrate
        ours = [text for _, text in sent(migration) if not text.startswith(of_functions)]
        theirs = _statements(printed[migration.id])
        if migration.id.endswith("_changed"):  # Django's order of related models is that of a set
            ours, theirs = sorted(ours), sorted(theirs)
        assert ours == theirs, migration.id
    (related,) = (one for one in history.migrations if one.id == "orders.0005_related")
    assert [text.split(" WHERE")[0] for _, text in sent(related) if text.startswith("UPDATE")] == [
        'UPDATE "orders_line" SET "price" = 0',
        'UPDATE "orders_line" SET "price" = 1',
    ]
    assert [one for one in related.notices if one.blocking] == []


def _statements(text: str) -> list[str]:
    script = read_script(Source(path="", text=text))
    return [
        " ".join(text[one.span.start : one.span.end].split())
        for one in script.statements
        if not isinstance(one, Transaction)
    ]
