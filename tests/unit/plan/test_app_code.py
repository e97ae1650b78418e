"""The models that plans show are Python that SQLAlchemy can map, whatever changes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, configure_mappers

from migrasafe.plan.app_code.model import Kept, Mapped, class_name
from migrasafe.plan.app_code.names import attribute, flag_of, literal
from migrasafe.plan.app_code.write_django import django_model
from migrasafe.plan.app_code.write_sqlalchemy import sqlalchemy_model
from migrasafe.plan.model import AppCode, Plan
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.statements import TypeName
from tests.unit.plan.test_plans_lint_clean import CHANGES, planned

_REPLACED = ("replace-check", "replace-foreign-key", "replace-unique", "replace-index")
_OBJECTS = (
    "view",
    "drop-view",
    "rename names",
    "rename totals",
    "function",
    "drop-function",
    "trigger",
    "drop-trigger",
)
_ACCESS = (
    *("row-security", "no-row-security", "policy", "drop-policy", "grant", "revoke", "publish", "unpublish"),
    *("replica-identity", "set ", "partition", "detach", "bounds", "drop logs_1", "rewrite"),
)
_DOMAINS = ("domain-check", "replace-domain-check", "drop-domain-check")
NO_MODELS = (
    *("no-default", "default", "unique", "foreign-key", "check", "index", "enum-value", "drop teams"),
    *(*_REPLACED, *_OBJECTS, *_DOMAINS, *_ACCESS),
)
"""Changes that a model does not show."""


def codes(plan: Plan) -> list[AppCode]:
    return [one for phase in plan.phases for one in phase.code]


@pytest.mark.parametrize("change", CHANGES)
def test_every_model_can_be_mapped(change: str) -> None:
    found = codes(planned(change, 15))
    assert bool(found) != change.startswith(NO_MODELS)
    for one in found:
        compiled = compile(one.code, one.orm, "exec", dont_inherit=True)
        if one.orm == "SQLAlchemy":

            class Base(DeclarativeBase):
                pass

            names: dict[str, Any] = {"Base": Base, "__name__": "app"}
            exec(compiled, names)
            configure_mappers()


def test_a_dropped_column_is_taken_out_of_what_django_knows() -> None:
    (django,) = [one for one in codes(planned("drop users.email", 15)) if one.orm == "Django"]
    assert "# gone: email" in django.code
    assert 'migrations.RemoveField("user", "email")' in django.code


def test_another_type_is_another_field() -> None:
    sqlalchemy, django = codes(planned("type users.age bigint", 15))
    assert "age: Mapped[int | None] = mapped_column(BigInteger)" in sqlalchemy.code
    assert 'migrations.AlterField("user", "age", models.BigIntegerField(null=True))' in django.code


@pytest.mark.parametrize(
    ("column", "name"),
    [("a", "a"), ("First.Name's", "first_name_s"), ("class", "class_"), ("1st", "column_1st"), ("ÄB", "ÄB")],
)
def test_attributes_are_names_of_python(column: str, name: str) -> None:
    assert attribute(column) == name
    assert attribute(column).isidentifier()


def test_classes_and_flags_are_named_after_tables() -> None:
    assert [class_name(name) for name in ("users", "user accounts", "class", "news", "1st")] == [
        "User",
        "UserAccount",
        "Class",
        "New",
        "Table1st",
    ]
    assert flag_of(Kept(table=Ref("public", "Odd Things"), old="a", new="user")) == "odd_things_read_user"
    assert literal('it\'s "x"\\') == repr('it\'s "x"\\')


def test_a_key_of_a_type_that_is_not_known_is_shown_as_text() -> None:
    key = Column(name="id", type=None)
    table = Mapped(
        before=Ref("public", "a"),
        after=Ref("public", "b"),
        class_name="B",
        key=(key,),
        changed=(),
        gone=(),
        existed=(key,),
        kept=(),
    )
    assert "id: Mapped[str] = mapped_column(Text, primary_key=True)" in sqlalchemy_model(table, at_the_end=True)
    assert "id = models.TextField(primary_key=True)" in django_model(table, at_the_end=True)


def test_a_key_of_several_columns_is_one_that_django_takes() -> None:
    columns = [Column(name=name, type=TypeName(name="int4"), not_null=True) for name in ("shop", "number", "note")]
    ref = Ref("public", "orders")
    table = Mapped(
        class_name="Order",
        before=ref,
        after=ref,
        key=tuple(columns[:2]),
        changed=(columns[2],),
        existed=(),
        gone=(),
        kept=(),
    )
    code = django_model(table, at_the_end=False)
    assert "pk = models.CompositePrimaryKey('shop', 'number')" in code.replace('"', "'")
    assert "primary_key=True" not in code
