"""Begins a rule: writes its page, its module, and its line in the registry.

python tools/new_rule.py drop-trigger-in-use "A trigger that the running app relies on is dropped"
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from migrasafe import __version__
from tools.rule_registry import REGISTRY, registry

ROOT = Path(__file__).resolve().parent.parent

PAGE = """# {id}

```toml
title = "{title}"
severity = "error"
category = "lock"
lock = "ACCESS EXCLUSIVE"
work = "none"
since = "{version}"
```

## Why

Two or three sentences for someone who never read the table of locks: who waits or what breaks, and for how long.

## Given

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
```

## Bad

```sql
-- the smallest migration that shows the danger
```

```text
```

## Good

```sql
SET lock_timeout = '2s';
```

## When it is fine

When to allow it, and what to write as the reason.
"""

MODULE = '''"""{title}."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import AlterTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    yield from ()


RULE = Rule(id="{id}", check=check, on=(AlterTable,))
'''


def main() -> int:
    parser = argparse.ArgumentParser(description="Begin a rule: its page, its module, its line in the registry.")
    parser.add_argument("id", help="names the danger, and reads well after `allow`: drop-trigger-in-use")
    parser.add_argument("title", help="one sentence, without a full stop")
    options = parser.parse_args()
    if not re.fullmatch(r"[a-z]+(-[a-z]+)+", options.id):
        parser.error(f"{options.id}: a rule is named in lower case, with dashes: drop-trigger-in-use")
    module = options.id.replace("-", "_")
    files = {
        ROOT / "rules" / f"{options.id}.md": PAGE.format(id=options.id, title=options.title, version=__version__),
        REGISTRY.parent / f"{module}.py": MODULE.format(id=options.id, title=options.title),
    }
    for path in files:
        if path.exists():
            parser.error(f"{path.relative_to(ROOT)} exists already")
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    REGISTRY.write_text(registry(), encoding="utf-8")
    print(REGISTRY.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
