"""`migrasafe lsp`: findings in the editor, as one types."""

from __future__ import annotations

import click

from migrasafe.errors import InputError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def lsp() -> int:
    """Serve editors over standard input and output: findings as you type, pages of rules, quick fixes, plans.

    It goes by the config of the folder that the editor opens, with the other migrations as history, and needs
    pip install 'migrasafe[lsp]'. docs/editors.md shows how editors start it.

    \b
    Example:
      migrasafe lsp
    """
    try:
        from migrasafe.cli.lsp.server import make_server
    except ImportError as error:
        raise InputError(
            f"the language server needs {error.name or 'pygls'}: install it with pip install 'migrasafe[lsp]'"
        ) from error
    from migrasafe.cli.lsp.streams import from_client, log_in_lines, to_client

    log_in_lines()
    make_server().start_io(from_client(), to_client())
    return 0
