"""The verdict of `compat`, for people and for machines: one module per format."""

from __future__ import annotations

from importlib import import_module

from migrasafe.app.verdict import CompatResult
from migrasafe.json_text import readable
from migrasafe.report.compat.words import Texts

FORMATS = {
    "text": "migrasafe.report.compat.text",
    "json": "migrasafe.report.compat.json",
    "sarif": "migrasafe.report.compat.sarif",
    "markdown": "migrasafe.report.compat.markdown",
    "html": "migrasafe.report.compat.html",
    **dict.fromkeys(("checkstyle", "github", "gitlab", "junit", "sonarqube"), "migrasafe.report.compat.for_tools"),
}
"""The formats and their modules, imported when asked for: each has `render(result, texts, color)`, and the one for several
formats `renderer(name)`, which gives that."""


def write_compat(name: str, result: CompatResult, texts: Texts, *, color: bool, width: int | None = None) -> str:
    """The report in the format of this name. `texts`: the files of each version by path, for excerpts."""
    module = import_module(FORMATS[name])
    render = module.renderer(name) if hasattr(module, "renderer") else module.render
    named = {"width": width} if name == "text" and width is not None else {}
    rendered: str = render(result, texts, color=color, **named)
    return readable(rendered)
