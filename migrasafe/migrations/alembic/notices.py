"""What a person must know about how a revision was rendered, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migrasafe.migrations.alembic.project import PLUGIN_OPERATIONS, PLUGINS
from migrasafe.migrations.alembic.protocol import Done, Noticed, NoticeKind
from migrasafe.migrations.alembic.render import Outcome
from migrasafe.migrations.model import Notice
from migrasafe.quantities import say_count

_LOGGING = frozenset(
    {"log", "logger", "logging", "getLogger", "get_logger", "info", "debug", "warning", "warn", "error", "exception", "print", "echo"}
)  # fmt: skip

_OF_NO_SERVER = ("read", "asked", "absent")
_WORDS: Mapping[NoticeKind, tuple[str, bool]] = {
    "read": ("reads the database; rendered as if it returned no rows", False),
    "asked": ("asks the database what there is; answered from the revisions before it", False),
    "type": ("the column type {} is not installed here: its SQL type is unknown", False),
    "call": ("calls {}, which is not installed here: what it does is not seen", True),
    "decision": ("depends on {}, which is not installed here: what follows may differ", True),
    "placeholder": ("builds SQL from {}, which is not installed here: a placeholder stands for it", True),
    "value": ("sends a value of {}, which is not installed here: a placeholder stands for it", False),
    "unconverted": ("sends a value that its type {} cannot convert without what is not installed", False),
    "repeated": ("sends the statement {} times with other values; the first 100 are shown", False),
    "plugin": ("env.py imports a plugin that cannot be loaded: {}", False),
}
"""What is said about each kind, and whether it means that a part could not be read."""
_AS_OFFLINE = "needs a database; rendered as `alembic upgrade --sql` would, which may leave out what it does with data"


def notices_of(outcome: Outcome) -> tuple[Notice, ...]:
    """The notices of one revision, in the order of their lines; a failure last."""
    path = outcome.step.revision.path
    found = [
        Notice(path=path, line=line or outcome.step.revision.upgrade_line, message=message, blocking=blocking)
        for line, message, blocking in _messages(outcome)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda notice: (notice.blocking, notice.line)))


def _messages(outcome: Outcome) -> Iterator[tuple[int, str, bool]]:
    """Line, words, and whether a part could not be read."""
    revision, noticed = outcome.step.revision, outcome.rendered.noticed
    stubs = [one for one in noticed if one.kind == "stub"]
    if stubs:
        names = ", ".join(sorted({one.text for one in stubs}))
        yield revision.line, f"imports what is not installed here, stubbed: {names}{_install(stubs)}", False
    typed = {one.text for one in noticed if one.kind == "type"}
    for one in noticed:
        if (one.kind in _OF_NO_SERVER and outcome.live) or _is_harmless(one, typed):
            continue
        if one.kind == "absent":
            yield one.line, _absent(one.text), True
        elif one.kind in _WORDS:
            words, blocking = _WORDS[one.kind]
            yield one.line, words.format(one.text), blocking
    if outcome.offline:
        yield revision.upgrade_line, _AS_OFFLINE, False
    if outcome.stubbed_everything:
        yield revision.line, "the app's own code ends the process that imports it; all of it was stubbed", False
    if outcome.failure_on_server:
        words = f"fails on the server, so it is shown as rendered without one: {outcome.failure_on_server}"
        yield revision.upgrade_line, words, False
    for part in outcome.step.left_out:
        yield part.line, f"not read without running it (--no-exec): {part.what}", True
    failure = _failure(outcome)
    if failure is not None:
        yield (*failure, True)


def _failure(outcome: Outcome) -> tuple[int, str] | None:
    rendered = outcome.rendered
    seen = len(rendered.executed)
    until_then = f"; {say_count(seen, 'statement')} seen until then" if seen else "; no statement was seen"
    done = rendered.done
    if done is None:
        last = rendered.executed[-1].line if rendered.executed else 0
        return last, f"cannot be rendered: the process that ran it {rendered.death}{until_then}"
    if done.failure is None:
        return None
    return done.line, _why(done, live=outcome.live) + until_then


def _why(done: Done, *, live: bool) -> str:
    if done.missing_operation is not None:
        package = PLUGIN_OPERATIONS.get(done.missing_operation)
        how = (
            f"pip install {PLUGINS[package]}"
            if package
            else "it comes from a package or module that env.py does not import"
        )
        return f"cannot be rendered: op.{done.missing_operation} is not an operation of Alembic: {how}"
    if live:
        return f"fails on the server: {done.failure}"
    if done.read_before:
        return f"cannot be rendered without a database, whose answers it needs: {done.failure}"
    return f"cannot be rendered: {done.failure}"


def _install(stubs: Sequence[Noticed]) -> str:
    packages = sorted({PLUGINS[top] for one in stubs if (top := one.text.partition(".")[0]) in PLUGINS})
    return f" (pip install {' '.join(packages)})" if packages else ""


def _is_harmless(one: Noticed, typed: set[str]) -> bool:
    """Whether a call or a placeholder is a column type, or for a logger: neither is what the revision is for."""
    if one.kind not in ("call", "placeholder"):
        return False
    plain = one.text.replace("()", "")
    return plain in typed or bool(_LOGGING.intersection(plain.split(".")))


def _absent(table: str) -> str:
    what = f"for the table {table}, which no revision makes" if table else "for tables, and no revision makes any"
    return f"asks {what}: it was told so, and what it does otherwise is not seen; render it on a server"
