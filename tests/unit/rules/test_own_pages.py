"""The page of a project's own rule is read from the project's file, and what is wrong in it is told with that file."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.errors import ConfigError
from migrasafe.rules.page import page_path, read_page


def test_it_is_read_from_its_own_file(tmp_path: Path) -> None:
    own = tmp_path / "our-rule.md"
    own.write_text(page_path("char-column").read_text(encoding="utf-8").replace("# char-column\n", "# our-rule\n", 1))
    assert read_page("our-rule", {"our-rule": str(own)}).facts == read_page("char-column").facts
    own.write_text("# another-rule\n")
    with pytest.raises(ConfigError, match=f"^{own}:1: the page must begin with “# our-rule”"):
        read_page("our-rule", {"our-rule": str(own)})
