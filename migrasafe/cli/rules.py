"""`migrasafe rules`: all of them."""

from __future__ import annotations

import json

import click


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
                "category": page.facts.category,
                "lock": page.facts.lock,
                "work": page.facts.work,
                "title": page.facts.title,
            }
            for page in pages
        ]
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return
    rows = [(page.id, page.facts.severity, page.facts.lock or "–", page.facts.title) for page in pages]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]))
