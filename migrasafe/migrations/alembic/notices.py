"""What a person must know about how a revision was rendered, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from migrasafe.migrations.alembic.project import PLUGIN_OPERATIONS, PLUGINS
from migrasafe.migrations.alembic.protocol import Done, Noticed
from migrasafe.migrations.alembic.render import Outcome
from migrasafe.migrations.model import Notice

_LOGGING = frozenset(
    {"log", "logger", "logging", "getLogger", "get_logger", "info", "debug", "warning", "warn", "error", "exception", "print", "echo"}
)  # fmt: skip


def notices_of(outcome: Outcome) -> tuple[Notice, ...]:
    """The notices of one revision, in the order of their lines; a failure last."""
    path = outcome.step.revision.path
    found = [
        Notice(path=path, line=line or outcome.step.revision.upgrade_line, message=message, blocking=blocking)
        for line, message, blocking in _messages(outcome)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda notice: (notice.blocking, notice.line)))


def _messages(outcome: Outcome) -> Iterator[tuple[int, str, bool]]:
    noticed = outcome.rendered.noticed
    typed = {one.text for one in noticed if one.kind == "type"}
    for kind, group in groupby(sorted(noticed, key=lambda one: one.kind), key=lambda one: one.kind):
        every = list(group)
        match kind:
            case "stub":
                names = ", ".join(sorted({one.text for one in every}))
                yield (
                    outcome.step.revision.line,
                    f"imports what is not installed here, stubbed: {names}{_install(every)}",
                    False,
                )
            case "type":
                for one in every:
                    yield one.line, f"the column type {one.text} is not installed here: its SQL type is unknown", False
            case "read" if not outcome.live:
                for one in every:
                    yield one.line, "reads the database; rendered as if it returned no rows", False
            case "asked" if not outcome.live:
                for one in every:
                    yield one.line, "asks the database what there is; answered from the revisions before it", False
            case "call":
                for one in every:
                    if not _is_harmless(one.text, typed):
                        yield one.line, f"calls {one.text}, which is not installed here: what it does is not seen", True
            case "decision":
                for one in every:
                    yield one.line, f"depends on {one.text}, which is not installed here: what follows may differ", True
            case "placeholder":
                for one in every:
                    if not _is_harmless(one.text, frozenset()):
                        yield (
                            one.line,
                            f"builds SQL from {one.text}, which is not installed here: a placeholder stands for it",
                            True,
                        )
            case "value":
                for one in every:
                    yield (
                        one.line,
                        f"sends a value of {one.text}, which is not installed here: a placeholder stands for it",
                        False,
                    )
            case "unconverted":
                for one in every:
                    yield (
                        one.line,
                        f"sends a value that its type {one.text} cannot convert without what is not installed",
                        False,
                    )
            case "repeated":
                for one in every:
                    yield (
                        one.line,
                        f"sends the statement {one.text} times with other values; the first 100 are shown",
                        False,
                    )
            case "plugin":
                for one in every:
                    yield one.line, f"env.py imports a plugin that cannot be loaded: {one.text}", False
    if outcome.offline:
        line = outcome.step.revision.upgrade_line
        yield (
            line,
            "needs a database; rendered as `alembic upgrade --sql` would, which may leave out what it does with data",
            False,
        )
    if outcome.stubbed_everything:
        yield (
            outcome.step.revision.line,
            "the app's own code ends the process that imports it; all of it was stubbed",
            False,
        )
    if outcome.failure_on_server:
        line = outcome.step.revision.upgrade_line
        yield line, f"fails on the server, so it is shown as rendered without one: {outcome.failure_on_server}", False
    failure = _failure(outcome)
    if failure is not None:
        yield (*failure, True)


def _failure(outcome: Outcome) -> tuple[int, str] | None:
    rendered = outcome.rendered
    seen = len(rendered.executed)
    until_then = f"; {seen} statement{'s' if seen != 1 else ''} seen until then" if seen else "; no statement was seen"
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
        how = f"pip install {package}" if package else "it comes from a package or module that env.py does not import"
        return f"cannot be rendered: op.{done.missing_operation} is not an operation of Alembic: {how}"
    if live:
        return f"fails on the server: {done.failure}"
    if done.read_before:
        return f"cannot be rendered without a database, whose answers it needs: {done.failure}"
    return f"cannot be rendered: {done.failure}"


def _install(stubs: Sequence[Noticed]) -> str:
    packages = sorted({PLUGINS[top] for one in stubs if (top := one.text.partition(".")[0]) in PLUGINS})
    return f" (pip install {' '.join(packages)})" if packages else ""


def _is_harmless(name: str, typed: set[str] | frozenset[str]) -> bool:
    """A column type, or a logger: neither is what the revision is for."""
    plain = name.replace("()", "")
    return plain in typed or bool(_LOGGING.intersection(plain.split(".")))
