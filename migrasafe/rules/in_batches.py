"""A change of many rows as small transactions: the command that does so, or where it is more than that one's, a loop."""

from __future__ import annotations

from textwrap import dedent, indent

from migrasafe.effects.model import Work
from migrasafe.rules.context import Step
from migrasafe.rules.instead import Stage, batches, outside_title
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Delete, Update
from migrasafe.sql.written_statements import WrittenChange, written_change, written_update

_LOOP = """\
DO {quote}
DECLARE
  first_key {on}.{key}%TYPE := (SELECT {key} FROM {on} ORDER BY {key} LIMIT 1);
  last_key {on}.{key}%TYPE;
BEGIN
  WHILE first_key IS NOT NULL LOOP
    last_key := coalesce(
      (SELECT {key} FROM {on} WHERE {key} >= first_key ORDER BY {key} OFFSET 4999 LIMIT 1),
      (SELECT {key} FROM {on} ORDER BY {key} DESC LIMIT 1)
    );
    {change};
    COMMIT;
    first_key := (SELECT {key} FROM {on} WHERE {key} > last_key ORDER BY {key} LIMIT 1);
  END LOOP;
END {quote}"""


def in_batches(step: Step, work: Work) -> tuple[Stage, ...]:
    """Nothing where the statement cannot be cut by the primary key of its table, or stands in a body, whose variables it
    may use."""
    statement = step.statement
    if not isinstance(statement, (Update, Delete)) or not step.has_own_text or step.situation.in_body:
        return ()
    text, span = step.script.source.text, statement.span
    update = written_update(text, span, step.as_written)
    if update is not None:
        return (Stage("instead of this statement", (batches(update.table, update.sets, update.where),)),)
    change = written_change(text, span, step.as_written)
    table = step.schema.table(work.relation)
    key = table.primary_key if table is not None else None
    if change is None or key is None or len(key.columns) != 1:
        return ()
    return (Stage(outside_title(step), (_loop(change, quote_ident(key.columns[0])),)),)


def _loop(change: WrittenChange, key: str) -> str:
    within = f"{change.alias}.{key} BETWEEN first_key AND last_key"
    where = f"WHERE ({change.where})\n      AND {within}" if change.where else f"WHERE {within}"
    first, _, others = change.before.partition("\n")
    rest = f"\n{indent(dedent(others), '      ')}" if others else ""
    whole = f"{first}{rest}\n    {where}"
    quote = "$batches$" if "$$" in whole else "$$"
    return _LOOP.format(quote=quote, on=change.table, key=key, change=whole)
