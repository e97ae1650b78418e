"""What to do instead, as a fix: an edit of the file where that is safe, else numbered steps that can be pasted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.findings import Edit, Fix, FixKind, Place
from migrasafe.migrations.model import TransactionMode
from migrasafe.migrations.outside import Insertion, marks_for, way_of
from migrasafe.regex import regex
from migrasafe.rules.context import Step
from migrasafe.sql.edit import action_spans, with_action
from migrasafe.sql.quote import comment, quote_ident
from migrasafe.sql.source import Source
from migrasafe.sql.statements import AlterTable
from migrasafe.sql.written import in_style
from migrasafe.sql.written_statements import on_one_line


class Stage(Struct, frozen=True):
    """What is done together: one migration, one deploy, one backfill."""

    title: str
    """`one migration`, `deploy the app version that …`: what stands behind its number."""
    sql: tuple[str, ...] = ()
    """Statements without their semicolons, or comments."""
    by_hand: bool = False
    """Its title says it all: what a person does, or the app."""


ONE_MIGRATION = "one migration"
NEXT_MIGRATION = "the next migration"
OWN_TRANSACTION = "the next migration, in a transaction of its own"


def outside_title(step: Step) -> str:
    """The title of a stage that no transaction may be around, with the words of the migration tool."""
    how = way_of(step.layout).how
    return f"a migration of its own, without a transaction ({how})" if how else "a migration without a transaction"


def outside_words(step: Step) -> str:
    """`outside a transaction (goose: …)`, for help."""
    how = way_of(step.layout).how
    return f"outside a transaction ({how})" if how and step.in_transaction else "outside a transaction"


def plan(step: Step, *stages: Stage) -> Fix:
    """The stages as one text, numbered where there are several, in the author's upper or lower case."""
    kept = [
        part
        for stage in stages
        if stage.sql or stage.by_hand or stage.title.startswith("deploy")
        for part in _as_sent(step, stage)
    ]
    if not kept:
        return Fix()
    lines: list[str] = []
    for number, stage in enumerate(kept, start=1):
        if len(kept) > 1 or stage.title != ONE_MIGRATION:
            lines.append(comment(f"{f'{number}. ' if len(kept) > 1 else ''}{stage.title}"))
        lines.extend(
            comment(one, "") if one.startswith("--") else f"{_in_words_of_author(step, one)};" for one in stage.sql
        )
    return Fix(kind=FixKind.PLAN, steps="\n".join(lines))


def _as_sent(step: Step, stage: Stage) -> list[Stage]:
    """Each statement a migration of its own, where a tool sends a file at once, which is a transaction."""
    if stage.title != outside_title(step) or way_of(step.layout).several or len(stage.sql) < 2 or not step.layout:
        return [stage]
    return [Stage(stage.title, (one,)) for one in stage.sql]


def _in_words_of_author(step: Step, sql: str) -> str:
    """In upper or lower case, and with the placeholders of a template where a name that stood for one was used."""
    source = step.script.source
    if source.written is not None:
        names = {
            source.text[stretch.start() : stretch.end()].strip(): stretch.group()
            for stretch in _PLACEHOLDER.finditer(source.written)
        }
        sql = _QUALIFIER.sub(lambda name: names.get(name.group(), name.group()), sql)
    return in_style(sql, step.sql())


_QUALIFIER = regex(r"(?<![\w.\"])\w+(?=\.)")
_PLACEHOLDER = regex(r"\{\{[^}]*\}\}|\$\{[^}]*\}")


def in_place(step: Step, replacement: str) -> Fix:
    """Other SQL in the place of the statement, in whatever transaction it stands."""
    if not step.editable:
        return plan(step, Stage(ONE_MIGRATION, (replacement,)))
    return Fix(kind=FixKind.EDIT, replacement=replacement, edits=(Edit(place=step.place(), replacement=replacement),))


def lock_timeout_first(step: Step) -> Fix:
    """SET LOCAL lock_timeout above the statement, where a transaction is around it; else SET, and RESET behind it. Where no
    tool says whether there is a transaction, SET, which works in both cases."""
    if not step.in_transaction:
        own = (step.sql(), "RESET lock_timeout") if step.has_own_text else ()
        return plan(step, Stage(ONE_MIGRATION, (f"SET {_TIMEOUT}", *own)))
    unknown = step.layout in _OF_NO_TOOL and not step.session.explicit and not step.told
    setting = in_style(f"SET {_TIMEOUT};" if unknown else f"SET LOCAL {_TIMEOUT};", step.sql())
    start = step.statement.span.start
    text = step.script.source.text
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if not step.editable or _is_allowed_above(text, start):
        return Fix(kind=FixKind.PLAN, steps=f"{setting}\n{step.sql()};" if step.has_own_text else setting)
    newline = "\r\n" if ends_in_crlf(step.script.source) else "\n"
    if step.layout == "drizzle":
        setting += "--> statement-breakpoint"  # else it would send both at once
    inserted = setting + (" " if before.strip() and step.layout != "drizzle" else f"{newline}{before}")
    line, column = step.script.source.position(start)
    at = Place(path=step.script.source.path, line=line, column=column, end_line=line, end_column=column)
    return Fix(
        kind=FixKind.EDIT,
        replacement=f"{inserted}{step.sql()}",
        edits=(Edit(place=at, replacement=inserted),),
    )


_TIMEOUT = "lock_timeout = '2s'"
_OF_NO_TOOL = frozenset({"", "plain", "pre-post"})


def _is_allowed_above(text: str, start: int) -> bool:
    """Whether a comment right above says what is allowed in the next statement: nothing may come between them."""
    while start > 0:
        begin = text.rfind("\n", 0, start) + 1
        line = text[begin:start]
        if line.strip():
            return "migrasafe:" in line
        start = begin - 1
    return False


def outside_transaction(step: Step, replacement: str | None) -> Fix:
    """One statement in the place of this one (None: itself) that no transaction may be around: with the tool's own word for
    that where the file can say it and nothing is torn apart, else as a migration of its own."""
    marks = _marks(step)
    if not step.has_own_text:
        return Fix()
    if marks is None or (replacement is None and not marks):
        return plan(step, Stage(outside_title(step), (replacement or step.sql(),)))
    own = () if replacement is None else (Edit(place=step.place(), replacement=replacement),)
    edits = (*(_edit(step, mark) for mark in marks), *own)
    return Fix(kind=FixKind.EDIT, replacement=replacement or step.sql(), edits=edits)


def _marks(step: Step) -> tuple[Insertion, ...] | None:
    """The edits after which the statement runs without a transaction, none where it does already; None: no edit can."""
    if not step.editable or step.session.explicit:
        return None
    if step.transaction is TransactionMode.NONE:
        return ()
    if step.told:
        return None  # the user says that a transaction is around it, and no file can change that
    return marks_for(step.layout, step.script, step.statement.span.start)


def _edit(step: Step, mark: Insertion) -> Edit:
    source = step.script.source
    text = mark.text.replace("\n", "\r\n") if ends_in_crlf(source) else mark.text
    line, column = source.position(mark.offset) if mark.path == source.path else (1, 1)
    return Edit(
        place=Place(path=mark.path, line=line, column=column, end_line=line, end_column=column), replacement=text
    )


def ends_in_crlf(source: Source) -> bool:
    """Whether the first line of a text ends as Windows ends lines."""
    first = source.text.find("\n")
    return first > 0 and source.text[first - 1] == "\r"


def others_with(step: Step, action: int | None, written: str | None) -> tuple[str, ...]:
    """The ALTER TABLE as it stands, with another text for one of its actions, or without it: nothing if it was the only
    one."""
    statement = step.statement
    assert isinstance(statement, AlterTable)
    spans = action_spans(step.script.source.text, statement.span)
    if action is None or len(spans) != len(statement.actions):
        return () if written is None else (f"ALTER TABLE {step.table_name} {written}",)
    if written is None and len(spans) == 1:
        return ()
    return (with_action(step.as_written, statement.span, spans, action, written),)


def batches(table: str, sets: str | Sequence[str], where: str) -> str:
    """The command that fills the old rows, as a comment; where its SQL does not fit on a line, the one that shows how."""
    assignments = [sets] if isinstance(sets, str) else sets
    named = [("--table", table), *(("--set", one) for one in assignments), ("--where", where)]
    words = ["migrasafe backfill run"]
    for option, sql in named:
        line = on_one_line(sql)
        if line is None:
            return "--    migrasafe backfill run --help"
        words += [option, shell(line)] if line else []
    return f"--    {' '.join(words)}"


def shell(word: str) -> str:
    """A word of a command line, in double quotes where it needs any: SQL is full of single ones."""
    import shlex  # here, because most runs print no such command

    plain = shlex.quote(word)
    if "'" not in word or any(one in word for one in '"$`\\!'):
        return plain
    return f'"{word}"'


def quoted(*names: str) -> str:
    """Column names as SQL, with commas."""
    return ", ".join(quote_ident(name) for name in names)


def after_deploy(
    step: Step,
    what: str,
    before: tuple[str, ...] = (),
    *,
    action: int | None = None,
    when: str = "when the old version is gone",
) -> Fix:
    """The statement as it is, or one action of it, but not before the app has changed. `what`: after "deploy the app version
    that"."""
    last = (_one_action(step, action) or step.sql(),) if step.has_own_text else ()
    return plan(
        step,
        Stage(ONE_MIGRATION, before),
        Stage(f"deploy the app version that {what}"),
        Stage(when if last else f"this migration, {when}", last, by_hand=True),
    )


def _one_action(step: Step, action: int | None) -> str | None:
    """An ALTER TABLE with one of its several actions."""
    statement = step.statement
    if action is None or not isinstance(statement, AlterTable) or len(statement.actions) < 2:
        return None
    spans = action_spans(step.script.source.text, statement.span)
    if len(spans) != len(statement.actions):
        return None
    head = step.as_written[statement.span.start : spans[0].start].rstrip()
    return f"{head} {step.as_written[spans[action].start : spans[action].end]}"
