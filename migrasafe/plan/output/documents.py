"""Fills the templates of programs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from migrasafe.plan.templates import document_template

if TYPE_CHECKING:
    from jinja2 import Template


def rendered(template: str, **words: Any) -> str:
    """The text of `documents/<template>`. Raises where a word is missing."""
    return _compiled(template).render(**words)


@cache
def _compiled(template: str) -> Template:
    """Each once: reading it costs far more than filling it."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(document_template(template))
