"""Django's migrations are rendered as `manage.py sqlmigrate` would, without a server and without the project's environment."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from migrasafe.migrations.django.project import project_at
from migrasafe.migrations.django.read import _rendered, read_project
from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.migrations.read import read_history
from tests.in_process import migrasafe

SHOP = Path(__file__).parent.parent / "fixtures" / "django-shop"
HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = []\n"


@pytest.fixture(scope="module")
def shop() -> History:
    (history,) = read_history([str(SHOP)])
    return history


def migration(history: History, id: str) -> Migration:
    (found,) = (one for one in history.migrations if one.id == id)
    return found


def sent(one: Migration) -> list[tuple[int, str]]:
    """Each statement on one line, with the line of the file that it stands for."""
    found = []
    for part in one.parts:
        for statement, origin in zip(part.script.statements, part.script.origins or (), strict=True):
            text = part.script.source.text[statement.span.start : statement.span.end]
            found.append((origin.line, " ".join(text.split())))
    return found


def line_of(name: str, text: str) -> int:
    lines = next(SHOP.glob(f"*/migrations/{name}.py")).read_text().split("\n")
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_the_apps_are_one_history_in_the_order_of_migrate(shop: History) -> None:
    assert shop.layout == "django"
    assert [one.id for one in shop.migrations] == [
        "accounts.0001_initial",
        "orders.0001_initial",
        "orders.0002_status",
        "orders.0003_index",
        "orders.0004_names_are_looked_up",
    ]
    assert shop.migrations[2].path == str(SHOP / "orders/migrations/0002_status.py")


def test_statements_have_the_line_of_their_operation_also_those_that_django_puts_off(shop: History) -> None:
    name = "0002_status"
    field, fill, raw = (line_of(name, one) for one in ("AddField", "RunPython(fill", "UPDATE orders_order"))
    assert sent(migration(shop, f"orders.{name}")) == [
        (field, 'ALTER TABLE "orders_order" ADD COLUMN "status" varchar(20) DEFAULT \'\' NOT NULL'),
        (field, 'ALTER TABLE "orders_order" ALTER COLUMN "status" DROP DEFAULT'),
        (fill, 'UPDATE "orders_order" SET "status" = \'100% new\' WHERE "orders_order"."status" = \'\''),
        (raw, "UPDATE orders_order SET note = 'draft' WHERE total = 0"),
        (raw + 1, "ALTER TABLE orders_order ALTER COLUMN note SET NOT NULL"),
        (field, 'CREATE INDEX "orders_order_status_445594e5" ON "orders_order" ("status")'),
        (
            field,
            'CREATE INDEX "orders_order_status_445594e5_like" ON "orders_order" ("status" varchar_pattern_ops)',
        ),
    ]


def test_what_a_function_does_with_rows_that_it_reads_is_reported_as_not_seen(shop: History) -> None:
    (notice,) = migration(shop, "orders.0002_status").notices
    assert (notice.blocking, notice.line) == (True, line_of("0002_status", "RunPython(look_at"))
    assert notice.message.startswith("what look_at_orders does with the rows of the tables is not seen: it reads rows")


def test_atomic_false_means_that_nothing_is_in_a_transaction(shop: History) -> None:
    (part,) = migration(shop, "orders.0003_index").parts
    assert (part.transaction, len(part.script.statements)) == (TransactionMode.NONE, 2)
    assert all(part.transaction is TransactionMode.ONE for part in migration(shop, "orders.0002_status").parts)


def test_names_that_django_looks_up_are_those_of_the_migrations_before(shop: History) -> None:
    texts = [text for _, text in sent(migration(shop, "orders.0004_names_are_looked_up"))]
    assert 'ALTER TABLE "orders_order" DROP CONSTRAINT "orders_order_buyer_id_number_18d9e072_uniq"' in texts
    assert any('DROP CONSTRAINT "orders_order_total_check"' in text for text in texts)
    assert any("orders_order_buyer_id" in text and "_fk_accounts_user_id" in text for text in texts)


def test_the_folder_of_an_app_is_that_app_in_its_project(shop: History) -> None:
    (history,) = read_history([str(SHOP / "orders" / "migrations")])
    assert [one.id for one in history.migrations] == [one.id for one in shop.migrations[1:]]
    assert [sent(one) for one in history.migrations] == [sent(one) for one in shop.migrations[1:]]


def test_a_file_given_by_name_is_reported_alone(shop: History) -> None:
    (history,) = read_history([str(SHOP / "orders" / "migrations" / "0003_index.py")])
    assert [one.id for one in history.migrations] == ["orders.0003_index"]


def test_settings_are_read_as_text_and_never_run() -> None:
    project = project_at(SHOP)
    assert (project.settings["AUTH_USER_MODEL"], project.settings["USE_TZ"]) == ("accounts.User", True)
    assert "accounts" in project.installed
    assert [(app.label, app.package) for app in project.apps] == [
        ("accounts", "accounts.migrations"),
        ("orders", "orders.migrations"),
    ]


def _app(folder: Path, **files: str) -> Path:
    place = folder / "shop" / "migrations"
    place.mkdir(parents=True)
    for empty in (folder / "shop" / "__init__.py", place / "__init__.py"):
        empty.write_text("")
    for name, text in files.items():
        (place / f"{name}.py").write_text(text)
    return place


def _notices(place: Path) -> list[tuple[bool, str]]:
    (history,) = read_history([str(place)])
    return [
        (one.blocking, one.message)
        for one in (*history.notices, *(one for migration in history.migrations for one in migration.notices))
    ]


def test_what_is_not_installed_is_stood_in_for_and_said(tmp_path: Path) -> None:
    fields = 'fields=[("id", models.BigAutoField(primary_key=True)), ("price", MoneyField(default=no_money)),'
    place = _app(
        tmp_path,
        m0001="from money.fields import MoneyField, no_money\n"
        + HEAD
        + f'    operations = [migrations.CreateModel("Item", {fields}\n'
        + '        ("seller", models.ForeignKey("market.Seller", models.CASCADE))])]\n',
    )
    (history,) = read_history([str(place)])
    (create, *_) = sent(history.migrations[0])
    assert create[1].startswith('CREATE TABLE "shop_item" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT')
    assert '"price" unknown' in create[1]
    assert _notices(place) == [
        (False, "imports money, which is not installed here"),
        (False, "refers to market.Seller, whose migrations are not here: taken to be a table with the key id (bigint)"),
        (True, "the column type money.fields.MoneyField is not installed here: its SQL type is unknown"),
    ]


def test_names_of_what_is_not_installed_have_names_of_their_own_and_can_be_derived_from(tmp_path: Path) -> None:
    place = _app(
        tmp_path,
        m0001="from django_safemigrate import Safe\nfrom money import Flags, Traced\nfrom django.db import models\n\n"
        + "class Item(Traced, models.Model):\n    class Meta:\n        app_label = 'other'\n\n"
        + f"def total(flags: Flags | None, more: list[Flags.Kind]) -> Flags.Kind[int]: ...\n{HEAD}"
        + "    safe = Safe.after_deploy()\n"
        + '    operations = [migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)),\n'
        + '        ("kind", models.IntegerField(default=Flags.Kind.NONE))], bases=(Traced, models.Model))]\n',
        m0002="from django_safemigrate import Safe\n" + HEAD + "    safe = Safe.before_deploy\n    operations = []\n",
        m0003=HEAD + "    operations = []\n",
    )
    (history,) = read_history([str(place)])
    assert not [message for blocking, message in _notices(place) if blocking]
    assert [one.hint for one in history.migrations] == ["after", "before", None]
    assert '"kind" integer NOT NULL' in sent(history.migrations[0])[0][1]


def test_a_file_in_the_words_of_a_newer_python_says_so_and_any_storage_is_there(tmp_path: Path) -> None:
    place = _app(
        tmp_path,
        m0001=f"{HEAD}    operations = [\n",
        m0002="from django.core.files.storage import storages\nuploads = storages['uploads']\n"
        + f"{HEAD}    operations = []\n",
    )
    (said,) = [message for blocking, message in _notices(place) if blocking]
    assert "SyntaxError" in said
    assert "it is read with Python 3." in said


def test_migrations_that_cannot_be_run_are_reported_and_the_others_are_read(tmp_path: Path) -> None:
    create = 'migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True))])'
    place = _app(
        tmp_path,
        m0001=f"{HEAD}    operations = [{create}]\n",
        m0002=f"{HEAD}    operations = [\n",
        m0003=f"{HEAD}    operations = [1 / 0]\n",
        m0004=f"import os\nos.system('true')\n{HEAD}",
        m0005=f'{HEAD}    operations = [migrations.AddField("gone", "x", models.IntegerField())]\n',
    )
    said = _notices(place)
    assert all(blocking for blocking, _ in said)
    assert [message.partition(":")[0] + message.partition(":")[2].partition(":")[0] for _, message in said] == [
        "cannot be loaded, so it is not checked SyntaxError",
        "cannot be loaded, so it is not checked ZeroDivisionError",
        "cannot be loaded, so it is not checked ForbiddenError",
        "AddField cannot be rendered, so it is not checked KeyError",
    ]
    (history,) = read_history([str(place)])
    assert len(sent(history.migrations[0])) == 1


def test_what_a_function_puts_off_to_the_end_of_all_migrations_is_reported_as_not_seen(tmp_path: Path) -> None:
    place = _app(
        tmp_path,
        m0001="from django.apps import apps as all_apps\nfrom django.db.models.signals import post_migrate\n\n\n"
        "def fill(apps, editor):\n    def later(**_):\n        pass\n"
        '    post_migrate.connect(later, weak=False, sender=all_apps.get_app_config("shop"))\n\n\n'
        + HEAD
        + "    operations = [migrations.RunPython(fill)]\n",
    )
    assert _notices(place) == [(True, "what later does once all migrations have run (post_migrate) is not seen")]


def test_what_migrations_share_is_imported_from_beside_them(tmp_path: Path) -> None:
    place = _app(
        tmp_path,
        m0001=f"from . import _shared\n{HEAD}    operations = [_shared.CREATE]\n",
        _shared="from django.db import migrations, models\n\n"
        'CREATE = migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True))])\n',
    )
    (history,) = read_history([str(place)])
    assert len(sent(history.migrations[0])) == 1
    assert _notices(place) == []


def test_a_loop_that_sends_a_statement_with_many_values_is_told_once(tmp_path: Path) -> None:
    place = _app(
        tmp_path,
        m0001="def fill(apps, editor):\n    for n in range(300):\n"
        '        apps.get_model("shop", "Item").objects.filter(id=n).update(id=-n)\n\n\n'
        + HEAD
        + '    operations = [migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True))]),\n'
        + "        migrations.RunPython(fill)]\n",
    )
    (history,) = read_history([str(place)])
    assert [line for line, _ in sent(history.migrations[0])] == [11, 12]
    assert [said[:41] for _, said in _notices(place)] == ["sends this statement 300 times with other"]


def test_a_squashed_migration_stands_for_those_that_it_replaces(tmp_path: Path) -> None:
    create = 'migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True))])'
    squashed = HEAD + f'    replaces = [("shop", "m0001")]\n    operations = [{create}]\n'
    place = _app(tmp_path, m0001=f"{HEAD}    operations = [{create}]\n", m0001_squashed=squashed)
    (history,) = read_history([str(place)])
    assert [one.id for one in history.migrations] == ["shop.m0001_squashed"]


def test_a_comment_above_the_operation_allows_its_findings(tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    file = tmp_path / "shop" / "orders" / "migrations" / "0003_index.py"
    found = migrasafe(tmp_path / "shop", "lint", str(file), "--no-config", "--format", "json")
    assert [one["rule"] for one in json.loads(found.stdout)["findings"]] == ["create-index-without-concurrently"]
    comment = "        # migrasafe: allow create-index-without-concurrently because there are few orders\n"
    file.write_text(file.read_text().replace("        migrations.AddIndex(", f"{comment}        migrations.AddIndex("))
    _rendered.cache_clear()
    assert migrasafe(tmp_path / "shop", "lint", str(file), "--no-config").returncode == 0


def test_only_what_is_new_since_a_commit_is_reported(tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("0004*"))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "shop"]):
        subprocess.run([*git, *words], cwd=tmp_path / "shop", check=True)
    name = "0004_names_are_looked_up.py"
    shutil.copy(SHOP / "orders" / "migrations" / name, tmp_path / "shop" / "orders" / "migrations" / name)
    ran = migrasafe(tmp_path / "shop", "lint", ".", "--since", "HEAD", "--no-config", "--format", "json")
    assert {one["path"] for one in json.loads(ran.stdout)["findings"]} == {f"orders/migrations/{name}"}


def test_lines_that_a_message_speaks_of_are_those_of_the_operations() -> None:
    ran = migrasafe(SHOP, "lint", "orders/migrations/0002_status.py", "--no-config", "--format", "json")
    held = [one for one in json.loads(ran.stdout)["findings"] if one["rule"] == "work-while-lock-is-held"]
    line = line_of("0002_status", "AddField")
    assert held
    assert all(f"lock that line {line} took" in one["message"] for one in held)


class _InMemory:
    """What would be kept in the user's cache folder."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def find(self, key: str) -> bytes | None:
        return self.values.get(key)

    def keep(self, key: str, value: bytes) -> None:
        self.values[key] = value


def _sent_by(root: Path, keeper: _InMemory) -> dict[str, list[tuple[int, str]]]:
    _rendered.cache_clear()
    return {one.id: sent(one) for one in read_project(str(root), keeper).migrations}


def test_a_migration_that_an_earlier_run_has_rendered_is_rendered_again_only_when_something_it_stands_on_has_changed(
    tmp_path: Path,
) -> None:
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root)
    (root / "orders/words.py").write_text('NAME = "a"\n')
    named = root / "orders/migrations/0005_named.py"
    named.write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        '    dependencies = [("orders", "0004_names_are_looked_up")]\n    operations = [migrations.RunPython(lambda apps, editor: '
        '__import__("orders.words", fromlist=["NAME"]) and editor.execute("DROP TABLE IF EXISTS once"))]\n'
    )
    keeper = _InMemory()
    first = _sent_by(root, keeper)
    (key,) = keeper.values
    for word in (b"DROP TABLE IF EXISTS once", b"orders_by_number"):
        assert word in keeper.values[key]
    kept = keeper.values[key].replace(b"IF EXISTS once", b"IF EXISTS kept")
    keeper.values[key] = kept
    again = _sent_by(root, keeper)
    assert again.pop("orders.0005_named")[0][1] == "DROP TABLE IF EXISTS kept"
    assert again == {name: lines for name, lines in first.items() if name != "orders.0005_named"}

    more = (
        root / "accounts/migrations/0002_new.py"
    )  # before those of orders on an empty database, last where they have run
    more.write_text(
        HEAD.replace("[]", '[("accounts", "0001_initial")]') + '    operations = [migrations.RunSQL("SELECT 1")]\n'
    )
    assert list(_sent_by(root, keeper))[-2:] == ["orders.0005_named", "accounts.0002_new"]
    assert b"IF EXISTS kept" in keeper.values[key]
    more.unlink()

    (root / "orders/words.py").write_text('NAME = "b"\n')  # it is imported when 0005 runs
    assert _sent_by(root, keeper) == first

    keeper.values[key] = keeper.values[key].replace(b"IF EXISTS once", b"IF EXISTS kept")
    third = root / "orders/migrations/0003_index.py"
    third.write_text(third.read_text() + "\n")
    assert _sent_by(root, keeper) == first
    keeper.values[key] = b"{"
    assert _sent_by(root, keeper) == first


def test_a_default_that_differs_each_time_renders_to_the_same_statement(tmp_path: Path) -> None:
    fields = '[("id", models.UUIDField(primary_key=True)), ("code", models.UUIDField(db_default=uuid.uuid4()))]'
    place = _app(tmp_path, m0001=f'import uuid\n{HEAD}    operations = [migrations.CreateModel("Item", {fields})]\n')
    texts = set()
    for _ in range(2):
        _rendered.cache_clear()
        (history,) = read_history([str(place)])
        texts.add(sent(history.migrations[0])[0][1])
    assert len(texts) == 1
