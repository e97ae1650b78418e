"""Which types take each other's values, and what a changed result or expectation says."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from migrasafe.app.judge.differences import is_same_kind
from migrasafe.app.judge.values_refused import refusal
from migrasafe.sql.statements import TypeName
from tests.unit.app.test_compat import deploys

INT, BIG, TEXT, BOOL = (TypeName(name=name) for name in ("int4", "int8", "text", "bool"))


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (INT, INT, True),
        (INT, BIG, True),
        (BIG, INT, False),
        (INT, BOOL, False),
        (BOOL, TEXT, False),
        (TEXT, TypeName(name="varchar"), True),
        (INT, replace(INT, array=True), False),
        (replace(INT, array=True), replace(INT, array=True), True),
    ],
)
def test_types_of_one_kind_take_each_others_values(old: TypeName, new: TypeName, same: bool) -> None:
    assert is_same_kind(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "less"),
    [
        (("10", "2"), ("10", "4"), True),
        (("10", "2"), ("12", "4"), False),
        (("10", "4"), ("10", "2"), False),
        (("10",), ("10", "2"), True),
        (("12", "2"), ("10",), False),
        ((), ("10",), True),
        (("10",), (), False),
    ],
)
def test_a_numeric_holds_less_with_fewer_digits_before_the_point(old: tuple[str], new: tuple[str], less: bool) -> None:
    numeric = TypeName(name="numeric")
    refused = refusal(replace(numeric, modifiers=old), replace(numeric, modifiers=new))
    assert refused == ("22003" if less else None)


def test_a_trigger_that_may_fill_a_new_required_column_leaves_the_order_less_certain() -> None:
    migration = "ALTER TABLE orders ADD currency text NOT NULL"
    fill = "; CREATE TRIGGER fill BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()"
    write = "INSERT INTO orders (id, total) VALUES ($1, $2)"
    assert deploys(migration, write, write) != deploys(migration + fill, write, write)
