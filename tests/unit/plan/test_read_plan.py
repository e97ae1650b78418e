"""plan.json, as somebody else may have left it."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.output.write_plan import read_plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "shop/plan.json: is not a plan of migrasafe: Input data was truncated"),
        ("[]", "shop/plan.json: is not a plan of migrasafe: Expected `object`, got `array`"),
        (
            '{"plan": {"version": 99, "steps": "told otherwise"}}',
            "shop/plan.json: is of version 99, and this migrasafe reads version 1: use the one that wrote it, or plan again",
        ),
    ],
)
def test_what_is_no_plan_of_ours_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InputError) as told:
        read_plan(text, "shop/plan.json")
    assert str(told.value) == message
