"""Fills the templates of programs."""

from __future__ import annotations

from typing import Any

from migrasafe.plan.templates import document_template


def rendered(template: str, **words: Any) -> str:
    """The text of `documents/<template>`. Raises where a word is missing."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(document_template(template)).render(**words)
