"""The reports that other tools read: those of `lint`, about the lines of the app."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from migrasafe.app.verdict import CompatResult, Version
from migrasafe.report.compat.as_findings import as_findings
from migrasafe.report.compat.words import Texts


def renderer(name: str) -> Callable[..., str]:
    """Renders a verdict in the format of a module of `migrasafe.report`."""
    module = import_module(f"migrasafe.report.{name}")

    def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
        known = texts or {}
        files = {**known.get(Version.NEW, {}), **known.get(Version.OLD, {})}
        rendered: str = module.render(as_findings(result, known), files, color=color)
        return rendered

    return render
