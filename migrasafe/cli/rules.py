"""`migrasafe rules`: all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrasafe.rules.page import Facts


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rules(output_format: str) -> None:
    """List the rules with their severity, lock and title.

    \b
    Example:
      migrasafe rules --format json
    """
    from migrasafe.rules.page import page_ids, read_page

    pages = [read_page(page) for page in page_ids()]
    if output_format == "json":
        listed = [
            {
                "id": page.id,
                "severity": page.facts.severity,
                "default": page.facts.default,
                "category": page.facts.category,
                "lock": page.facts.lock,
                "work": page.facts.work,
                "title": page.facts.title,
            }
            for page in pages
        ]
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return
    rows = [(page.id, _severity(page.facts), page.facts.lock or "–", page.facts.title) for page in pages]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]))


def _severity(facts: Facts) -> str:
    """`error`; `info, off` for a rule that runs only if it is selected or given a severity."""
    return facts.severity if facts.default else f"{facts.severity}, off"
