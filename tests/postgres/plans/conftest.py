"""Cases that take long run on one major version each, in turn; `make soak` runs them on the others."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`@pytest.mark.in_turn` beside `@pytest.mark.majors(…)`, on a test over `name`s of cases."""
    places: dict[object, list[object]] = {}
    for item in items:
        if item.get_closest_marker("in_turn") is not None:
            of_test = places.setdefault(item.function, [])  # type: ignore[attr-defined]  # these are functions
            params = item.callspec.params  # type: ignore[attr-defined]  # that are parametrized
            if params["name"] not in of_test:
                of_test.append(params["name"])
            majors = item.get_closest_marker("majors").args  # type: ignore[union-attr]  # which stands beside it
            mine = majors[of_test.index(params["name"]) % len(majors)]
            if params["each_major"] != mine and params["each_major"] in majors:
                item.add_marker(pytest.mark.soak)
