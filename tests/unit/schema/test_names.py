"""A table as text, and back."""

from __future__ import annotations

import pytest

from migrasafe.schema.names import Ref


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (Ref("public", "users"), "public.users"),
        (Ref("public", "a.b"), "public.a.b"),
        (Ref("public", '"a".b'), 'public."a".b'),
        (Ref("a.b", "c.d"), '"a.b".c.d'),
        (Ref('"a', "b"), '"""a".b'),
        (Ref('a"."b', '".'), '"a"".""b".".'),
    ],
)
def test_the_text_of_a_table_is_that_of_no_other(ref: Ref, text: str) -> None:
    assert str(ref) == text
    assert Ref.of(text) == ref
