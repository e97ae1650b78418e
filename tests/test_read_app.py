"""An app is read from a folder, from a commit of git without a checkout, or from one file of queries."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from migrasafe.app.model import App, Origin
from migrasafe.app.read_app import read_app
from migrasafe.errors import InputError


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def said(app: App) -> list[str]:
    return [f"{query.location.line} {query.name} {' '.join(query.sql.split())}" for query in app.queries]


def test_a_folder_gives_its_programs_and_query_files_but_no_tests_migrations_and_installed_code(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shop/orders.py": 'db.execute("SELECT id FROM orders")\n',
            "shop/reports.sql": "SELECT count(*) FROM orders;\n\nDELETE FROM drafts;\n",
            "schema.sql": "CREATE TABLE orders (id int);\nINSERT INTO orders VALUES (1);\n",
            "migrations/0001.sql": "UPDATE orders SET id = 1;\n",
            "tests/test_orders.py": 'db.execute("SELECT a FROM tested")\n',
            "node_modules/x/index.js": "q('SELECT id FROM installed')\n",
            "logo.png": "SELECT id FROM picture",
        },
    )
    app = read_app(str(tmp_path))
    assert said(app) == ["1  SELECT id FROM orders", "1  SELECT count(*) FROM orders", "3  DELETE FROM drafts"]
    assert app.queries[0].location.path == (tmp_path / "shop/orders.py").as_posix()
    assert len([notice for notice in app.notices if notice.message.startswith("not looked at")]) == 3
    assert app.texts[app.queries[0].location.path].startswith("db.execute")


def test_a_commit_is_read_from_the_object_store(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"shop/app.py": 'db.execute("SELECT old FROM orders")\n', "other/app.py": 'q("SELECT 1 FROM other")\n'},
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "tag", "v1")
    git(tmp_path, "tag", "release-1")
    write(tmp_path, {"shop/app.py": 'db.execute("SELECT new FROM orders")\n'})
    assert said(read_app("v1:shop", folder=tmp_path)) == ["1  SELECT old FROM orders"]
    assert said(read_app("v1", folder=tmp_path / "shop")) == ["1  SELECT old FROM orders"]
    assert len(read_app("v1", folder=tmp_path).queries) == 2
    assert read_app("v1", folder=tmp_path).queries[1].location.path == "shop/app.py"
    assert said(read_app("shop", folder=tmp_path)) == ["1  SELECT new FROM orders"]
    with pytest.raises(InputError, match=r"git knows no commit release-2: did you mean release-1\?"):
        read_app("release-2", folder=tmp_path)
    with pytest.raises(InputError, match="commit v1 has no folder nothing"):
        read_app("v1:nothing", folder=tmp_path)


def test_a_source_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give a folder, a commit of git, or a file of queries"):
        read_app("nowhere", folder=tmp_path)
    with pytest.raises(InputError, match="give a folder"):
        read_app("", folder=tmp_path)
    with pytest.raises(InputError, match="give a folder"):
        read_app("--upload-pack=x", folder=tmp_path)


NAMED = {
    "sqlc": "-- name: GetOrder :one\nSELECT id FROM orders WHERE id = $1;\n",
    "aiosql": "-- name: get_order^\n-- One order.\nSELECT id FROM orders WHERE id = :id;\n",
    "pugsql": "-- :name get_order :one\nSELECT id FROM orders WHERE id = :id\n",
    "hugsql": "-- :name get-order :? :1\nSELECT id FROM orders WHERE id = :v:id\n",
    "yesql": "-- name: get-order\nSELECT id FROM orders WHERE id = ?\n",
    "a heading": "-- get_order --\n-- One order.\nSELECT id FROM orders WHERE id = %(id)s\n",
}


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_a_file_of_named_queries_gives_them_with_their_names(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"queries.sql": text + "\n" + text.replace("et", "et_other_")})
    first, second = read_app(str(tmp_path / "queries.sql")).queries
    assert first.name.lower().replace("_", "").replace("-", "") == "getorder"
    assert "other" in second.name
    assert first.origin is Origin.QUERY_FILE
    assert first.sql.endswith("WHERE id = $1")
    assert first.position(first.sql.index("SELECT")).line == text[: text.index("SELECT")].count("\n") + 1


def test_what_sqlx_wrote_down_is_a_query_unless_the_program_holds_it_too(tmp_path: Path) -> None:
    described = {
        "db_name": "PostgreSQL",
        "query": 'SELECT id\nFROM "orders"',
        "describe": {"columns": [], "nullable": []},
    }
    write(tmp_path, {".sqlx/query-1.json": json.dumps(described, indent=2)})
    (query,) = read_app(str(tmp_path)).queries
    assert query.prepared
    assert query.position(query.sql.index('"orders"'))[1:] == (3, 29)
    write(tmp_path, {"src/main.rs": 'sqlx::query!(r#"SELECT id\nFROM "orders""#)\n'})
    (query,) = read_app(str(tmp_path)).queries
    assert query.location.path.endswith("main.rs")
    assert query.prepared


def test_sqlc_with_pgx_keeps_its_queries_prepared(tmp_path: Path) -> None:
    write(tmp_path, {"db/query.sql": "-- name: A :one\nSELECT 1;\n", "sqlc.yaml": "gen:\n  sql_package: pgx/v5\n"})
    assert [query.prepared for query in read_app(str(tmp_path)).queries] == [True]


def test_words_of_programs_are_looked_up_with_their_places_but_not_those_of_queries(tmp_path: Path) -> None:
    program = 'q("SELECT secret FROM orders")\nif error.constraint == "uq_orders_total":\n    raise OrdersTotal\n'
    words = read_app(str(write(tmp_path, {"app.py": program}))).words
    (mention,) = words["uqorderstotal"]
    assert (mention.location.line, mention.location.column, mention.quoted) == (2, 25, True)
    assert "secret" not in words
    assert [found.quoted for found in words["orderstotal"]] == [False]


def test_the_name_of_a_constraint_in_a_model_is_no_mention_of_it(tmp_path: Path) -> None:
    program = 'args = (UniqueConstraint("a", name=naming("uq_a")), Index("ix_b", "b"))\nif name == "uq_a": pass\n'
    words = read_app(str(write(tmp_path, {"app.py": program}))).words
    assert [mention.location.line for mention in words["uqa"]] == [2]
    assert "ixb" not in words


def test_bytes_that_are_no_utf_8_are_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "app.php").write_bytes(b'<?php $x = "caf\xe9"; q("SELECT id FROM orders");')
    (tmp_path / "b.js").write_bytes("q('SELECT id FROM items')".encode("utf-16"))
    app = read_app(str(tmp_path))
    assert [query.sql for query in app.queries] == ["SELECT id FROM orders", "SELECT id FROM items"]
    assert [notice.message for notice in app.notices] == ["is not UTF-8: it was read as Latin-1"]


def test_a_library_whose_models_are_not_read_is_said_once(tmp_path: Path) -> None:
    models = "class Order < ApplicationRecord\nend\n"
    go = 'import (\n\t"gorm.io/gorm"\n)\n'
    app = read_app(
        str(write(tmp_path, {"order.rb": models, "item.rb": models, "main.go": go, "x.go": "// gorm.io/gorm\n"}))
    )
    assert [(Path(notice.path).name, notice.message.split(" (")[0], notice.blocking) for notice in app.notices] == [
        ("item.rb", "models and queries of ActiveRecord are not read", True),
        ("main.go", "models and queries of GORM are not read", True),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        'DATABASES = {"default": {"OPTIONS": {"options": "-c search_path=shop,public"}}}',
        'create_async_engine(url, connect_args={"server_settings": {"search_path": "shop, public"}})',
        'dsn = "postgresql://db/shop?search_path=shop,public"',
        'cursor.execute("SET search_path TO shop, public")',
    ],
)
def test_the_search_path_of_an_app_is_known_where_it_is_said_in_one_way(settings: str, tmp_path: Path) -> None:
    write(tmp_path, {"app.py": settings + '\nq("SELECT id FROM orders")\n'})
    assert [query.search_path for query in read_app(str(tmp_path)).queries] == [("shop", "public")]
    write(tmp_path, {"other.py": "options = '-c search_path=other'\n"})
    app = read_app(str(tmp_path))
    assert [query.search_path for query in app.queries] == [None]
    assert "in several ways" in app.notices[0].message


def test_one_file_of_any_kind_is_an_app(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "test_models.py": "\ufefffrom django.db import models\nclass A(models.Model):\n    x = models.TextField()\n",
            "schema.prisma": "model B {\n  id Int @id\n}\n",
            "q.txt": "SELECT c FROM d;\n",
            "schema.sql": "CREATE TABLE e (f int);\nINSERT INTO e VALUES (1);\n",
        },
    )
    first = {
        name: read_app(str(tmp_path / name)).queries[0].sql for name in ("test_models.py", "schema.prisma", "q.txt")
    }
    assert first == {
        "test_models.py": f"SELECT id, x FROM {tmp_path.name}_a WHERE id = $1",
        "schema.prisma": 'SELECT id FROM "B" WHERE id = $1',
        "q.txt": "SELECT c FROM d",
    }
    assert [query.sql for query in read_app(str(tmp_path / "schema.sql")).queries] == ["INSERT INTO e VALUES (1)"]
    (tmp_path / "prose.txt").write_text("No SQL at all.\n")
    with pytest.raises(InputError, match="neither a server log"):
        read_app(str(tmp_path / "prose.txt"))


def test_links_pipes_and_deep_folders_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/q.sql": "SELECT 1 FROM x;\n"})
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "gone.py").symlink_to(tmp_path / "nothing.py")
    os.mkfifo(tmp_path / "a" / "pipe.py")
    assert len(read_app(str(tmp_path)).queries) == 1


def test_strings_that_python_files_import_from_each_other_are_put_in(tmp_path: Path) -> None:
    files = {
        "shop/names.py": 'TABLE = "users"  # people\nKEY: str = (\n    r"id"\n)\nTWICE = "a"\nTWICE = "b"\n',
        "shop/__init__.py": "from .names import TABLE\n",
        "shop/db/reads.py": (
            "from ..names import KEY as ID, TWICE\nfrom shop import TABLE, names\nimport shop.names as n\n"
            'execute(f"SELECT {ID} FROM {TABLE} WHERE email = %s")\n'
            'execute("DELETE FROM " + names.TABLE + " WHERE id = %s")\n'
            'execute(f"SELECT {n.KEY} FROM {n.TABLE}")\n'
            'execute(f"SELECT {TWICE} FROM users")\n'
        ),
    }
    write(tmp_path, files)
    queries = read_app(str(tmp_path)).queries
    assert [(query.sql, query.partial, query.location.line) for query in queries] == [
        ("SELECT id FROM users WHERE email = $1", False, 4),
        ("DELETE FROM users WHERE id = $1", False, 5),
        ("SELECT id FROM users", False, 6),
        ("SELECT $1 FROM users", True, 7),
    ]
