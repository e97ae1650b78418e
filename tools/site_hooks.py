"""What mkdocs asks while it builds the site."""

from __future__ import annotations

import re
from typing import Any

_SEARCH = 'data-md-component="search" role="dialog"'
_CODE = re.compile(r"(<pre[^>]*>(?:<span></span>)?)<code>")


def on_post_page(output: str, **_: Any) -> str:
    """Gives the search dialog a name, which the theme leaves out, and lets the keyboard scroll long lines of code."""
    return _CODE.sub(r'\1<code tabindex="0">', output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"'))
