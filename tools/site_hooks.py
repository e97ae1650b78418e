"""What mkdocs asks while it builds the site."""

from __future__ import annotations

import re
from typing import Any

_SEARCH = 'data-md-component="search" role="dialog"'
_CODE = re.compile(r"(<pre[^>]*>(?:<span></span>)?)<code>")
_ICON_ONLY = re.compile(
    r'<label[^>]*id="(__nav_\d+_label)"[^>]*>\s*<span class="md-nav__icon md-icon"></span>\s*</label>'
)
_SWITCH = re.compile(r'<input class="md-(?:nav__)?toggle[^>]*\bid="(__toc|__nav_\d+)"')
_MENU = re.compile(r'<label class="md-header__button md-icon" for="__drawer">(.*?)</label>', re.DOTALL)


def on_post_page(output: str, **_: Any) -> str:
    """Gives the search dialog, menus and what switches them a name, which the theme leaves out, and lets the keyboard scroll
    long lines of code."""
    for label in _ICON_ONLY.findall(output):
        output = output.replace(f'aria-labelledby="{label}"', 'aria-label="Pages of this section"')
    output = _SWITCH.sub(r'\g<0> aria-label="Pages of this section"', output)
    output = _MENU.sub(
        r'<button type="button" class="md-header__button md-icon menu" aria-label="Menu">\1</button>', output
    )
    return _CODE.sub(r'\1<code tabindex="0">', output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"'))
