"""The string literals of programs, read without running them: what they say, and where each character of it stands."""

from __future__ import annotations

from migrasafe.app.literals.c_like import GO, JAVA, JAVASCRIPT, KOTLIN, RUST
from migrasafe.app.literals.joining import read_literals
from migrasafe.app.literals.model import Language, Literal
from migrasafe.app.literals.php import PHP
from migrasafe.app.literals.python import PYTHON
from migrasafe.app.literals.ruby import RUBY

__all__ = ["LANGUAGES", "Language", "Literal", "read_literals"]

LANGUAGES: dict[str, Language] = {
    ".py": PYTHON,
    ".pyi": PYTHON,
    ".js": JAVASCRIPT,
    ".jsx": JAVASCRIPT,
    ".mjs": JAVASCRIPT,
    ".cjs": JAVASCRIPT,
    ".ts": JAVASCRIPT,
    ".tsx": JAVASCRIPT,
    ".mts": JAVASCRIPT,
    ".cts": JAVASCRIPT,
    ".go": GO,
    ".java": JAVA,
    ".kt": KOTLIN,
    ".kts": KOTLIN,
    ".rs": RUST,
    ".rb": RUBY,
    ".rake": RUBY,
    ".php": PHP,
}
"""By the end of the file's name."""
