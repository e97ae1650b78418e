"""Regular expressions that are compiled when they are first used: a run needs few of all that modules name, and compiling
every one of them takes longer than reading a migration. For what nearly every run needs, `re.compile` is quicker."""

from __future__ import annotations

import re
from typing import Any, cast


def regex(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """As re.compile, which says what is wrong with the pattern only once it is used: tests compile them all."""
    return cast("re.Pattern[str]", _Regex(pattern, flags))


class _Regex:
    """A pattern that becomes one when something is asked of it; each method is then kept, and asked for directly."""

    def __init__(self, pattern: str, flags: re.RegexFlag) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = self.__dict__.get("_compiled")
        if compiled is None:
            compiled = self.__dict__["_compiled"] = re.compile(*self._given)
        found = self.__dict__[name] = getattr(compiled, name)
        return found
