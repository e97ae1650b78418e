"""Models of Django are read without importing them, and mean what Django itself makes of them."""

from __future__ import annotations

import json
import subprocess
import sys

from migrasafe.app.models.python_project import PythonFile
from migrasafe.app.models.read_python_models import read_python_models
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.sql.quote import quote_ident
from tests.unit.app.django_samples import MODELS

ASK_DJANGO = """
import json, sys, types
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"], AUTH_USER_MODEL="people.Person",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
)
package, module = types.ModuleType("shop"), types.ModuleType("shop.models")
package.__path__ = ["shop"]
sys.modules |= {"shop": package, "shop.models": module}
package.models = module
from django.apps import AppConfig, apps
config = AppConfig("shop", package)
config.path = "shop"
people = AppConfig("people", package)
people.path = "shop"
settings.INSTALLED_APPS += [config, people]
source = sys.stdin.read()
config.import_models = lambda: (exec(source, module.__dict__), setattr(config, "models", apps.all_models["shop"]))
people.import_models = lambda: setattr(people, "models", apps.all_models["people"])
apps.populate(settings.INSTALLED_APPS)
tables = {}
for model in apps.get_models(include_auto_created=True):
    if model._meta.app_label in ("shop", "people") and not model._meta.proxy:
        key = model._meta.auto_field
        tables[model._meta.db_table] = [
            [f.column for f in model._meta.local_concrete_fields],
            [f.column for f in model._meta.local_concrete_fields if f is not key and not f.generated],
        ]
print(json.dumps(tables))
"""


def scan(**files: str) -> FileScan:
    named = [(f"{name.replace('__', '/')}.py", text) for name, text in files.items()]
    return read_python_models([PythonFile(path, SourceText(path, text)) for path, text in named])


def test_every_table_and_insert_has_the_columns_that_django_gives_it() -> None:
    asked = subprocess.run([sys.executable, "-c", ASK_DJANGO], input=MODELS, capture_output=True, text=True, check=True)
    expected = json.loads(asked.stdout)
    # The tables of a model's groups and permissions come with Django, not with the app.
    expected = {table: found for table, found in expected.items() if not table.startswith("people_person_")}
    found = scan(shop__models=MODELS)
    assert not found.unread
    selected, inserted = {}, {}
    for query in found.queries:
        if query.name.startswith("SELECT"):
            columns, _, rest = query.sql.removeprefix("SELECT ").partition(" FROM ")
            selected[rest.partition(" WHERE")[0]] = sorted(columns.split(", "))
        elif query.name.startswith("INSERT of the least"):
            table, _, rest = query.sql.removeprefix("INSERT INTO ").partition(" (")
            inserted[table] = sorted(rest.partition(")")[0].split(", "))
    assert selected == {table: sorted(map(quote_ident, columns)) for table, (columns, _) in expected.items()}
    assert inserted == {table: sorted(map(quote_ident, columns)) for table, (_, columns) in expected.items()}


def test_what_the_program_leaves_unset_is_null_or_left_to_the_database() -> None:
    sql = {query.name: query.sql for query in scan(shop__models=MODELS).queries}
    assert sql["INSERT of the least of model Order"] == (
        "INSERT INTO shop_order (customer_id, parent_ref, total, placed, comment, created, noted)"
        " VALUES ($1, NULL, $2, DEFAULT, NULL, $3, NULL) RETURNING id"
    )
    made = "from shop.models import Order\nOrder.objects.create(customer=c, noted='x')\n"
    sql = {query.name: query.sql for query in scan(shop__models=MODELS, shop__views=made).queries}
    assert sql["INSERT of the least of model Order"].endswith(
        "VALUES ($1, NULL, $2, DEFAULT, NULL, $3, $4) RETURNING id"
    )


def test_the_label_of_an_app_names_its_tables() -> None:
    config = (
        "from django.apps import AppConfig\nclass Config(AppConfig):\n    name = 'store.sales'\n    label = 'sold'\n"
    )
    models = "from django.db import models\nclass Item(models.Model):\n    name = models.TextField()\n"
    found = scan(store__sales__apps=config, store__sales__models__items=models)
    assert found.queries[0].sql == "SELECT id, name FROM sold_item WHERE id = $1"
    assert found.queries[0].position(found.queries[0].sql.index("name"))[1:] == (3, 5)


def test_forms_and_serializers_are_no_models() -> None:
    text = (
        "from django import forms\nfrom django.db import models\nfrom rest_framework import serializers\n"
        "class OrderForm(forms.ModelForm):\n    total = forms.DecimalField()\n"
        "class OrderSerializer(serializers.ModelSerializer):\n    total = serializers.CharField()\n"
    )
    assert scan(shop__forms=text) == FileScan()


def test_a_base_from_elsewhere_is_reported() -> None:
    text = "from django.db import models\nfrom other import Base\nclass A(Base):\n    x = models.TextField()\n"
    (unread,) = scan(shop__models=text).unread
    assert unread.reason == "A derives from Base, which is not part of the app: its columns are not known"
