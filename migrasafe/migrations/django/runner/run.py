"""One migration after the other, each operation with its line, on a state that goes along."""

from __future__ import annotations

import datetime
import decimal
import sys
import traceback
import uuid
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models
from django.db.migrations.operations import CreateModel, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState

from migrasafe.migrations.django.protocol import Ran, Same
from migrasafe.migrations.django.runner.graph import Key, Loaded
from migrasafe.migrations.django.runner.imports import Name, Standin
from migrasafe.migrations.django.runner.journal import JOURNAL
from migrasafe.migrations.django.runner.state import ClassesOnDemand, State

_LINE = "_migrasafe_line"
_ENDED = (Exception, SystemExit, KeyboardInterrupt)
"""What a migration may end with that is its own, and not the end of all."""
_LIKELY: dict[str, Any] = {
    "BooleanField": False,
    "DateField": datetime.date(2000, 1, 1),
    "DateTimeField": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
    "DecimalField": decimal.Decimal(0),
    "DurationField": datetime.timedelta(0),
    "FloatField": 0.0,
    "JSONField": {},
    "TimeField": datetime.time(0),
    "UUIDField": uuid.UUID(int=0),
}


def note_lines() -> None:
    """From now on each operation knows the line that made it."""
    make = Operation.__new__

    def new(cls: Any, *arguments: Any, **named: Any) -> Any:
        made = make(cls, *arguments, **named)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != JOURNAL.path:
            frame = frame.f_back
        if frame is not None:
            made.__dict__[_LINE] = frame.f_lineno
        return made

    Operation.__new__ = new


def run(order: list[Key], found: dict[Key, Loaded], known: Sequence[Ran] = ()) -> Iterator[Ran | Same]:
    """Yield what each migration sends; the first of them only change the state, as what they send is `known`."""
    state = State()
    for place, (label, name) in enumerate(order):
        loaded = found[label, name]
        JOURNAL.begin(loaded.path)
        renders = place >= len(known)
        state = _run(loaded, state, renders=renders)
        if not renders:
            JOURNAL.executed = list(known[place].executed)
            yield Same(path=loaded.path)
            continue
        yield Ran(
            label=label,
            name=name,
            path=loaded.path,
            digest=loaded.digest,
            own=loaded.own,
            hint=_hint(getattr(loaded.migration, "safe", None)),
            executed=tuple(JOURNAL.executed),
            noticed=(*loaded.noticed, *JOURNAL.noticed),
        )


def _hint(safe: Any) -> str | None:
    """What django-safemigrate is told, installed or not: `safe = Safe.before_deploy()`, in old versions without a call."""
    says = safe.missing if isinstance(safe, Name | Standin) else getattr(getattr(safe, "when", safe), "value", None)
    match says.rpartition(".")[2] if isinstance(says, str) else None:
        case "before_deploy":
            return "before"
        case "after_deploy":
            return "after"
    return None


def _run(loaded: Loaded, state: State, *, renders: bool) -> State:
    migration = loaded.migration
    editor = connection.SchemaEditorClass(connection)
    JOURNAL.transaction = 0 if migration.atomic else None
    for number, operation in enumerate(migration.operations, start=1):
        JOURNAL.begin_operation(operation.__dict__.get(_LINE, JOURNAL.line))
        if not migration.atomic:
            JOURNAL.transaction = number if operation.atomic else None
        after = state.clone()
        try:
            _tidy(operation)
            operation.state_forwards(migration.app_label, after)
            _fill_in(after, migration.app_label, operation)
        except _ENDED as error:
            _failed(operation, error)
            continue
        if after.is_as(state):
            after = state
        if renders:
            _forwards(operation, migration.app_label, editor, state, after)
        state = after
    if not migration.atomic:
        JOURNAL.transaction = None
    JOURNAL.begin_operation(JOURNAL.line)
    editor.run_deferred()
    return state


def _forwards(operation: Any, label: str, editor: Any, before: State, after: State) -> None:
    sent = len(JOURNAL.executed)
    try:
        if isinstance(operation, RunPython):
            if operation.code is RunPython.noop:
                return
            _call(operation.code, before, editor)
        else:
            operation.database_forwards(label, editor, before, after)
    except _ENDED as error:
        if not isinstance(operation, RunPython):
            del JOURNAL.executed[sent:]
            _failed(operation, error)
            return
        _not_seen(operation, f"it ended with {type(error).__name__} on a database without rows")
        return
    if isinstance(operation, RunPython) and JOURNAL.reads:
        _not_seen(operation, "it reads rows, and there are none here")


def _call(code: Any, state: State, editor: Any) -> None:
    """With the models that it asks for; where that fails, because it goes on to further ones from there, with all of them."""
    earlier = JOURNAL.mark()
    try:
        code(state.apps, editor)
    except ObjectDoesNotExist:
        raise
    except Exception:
        JOURNAL.back_to(earlier)
        everything = ClassesOnDemand(state.models)
        everything.make_all()
        code(everything, editor)


def _not_seen(operation: Any, why: str) -> None:
    name = getattr(operation.code, "__name__", "its function")
    JOURNAL.say(f"what {name} does with the rows of the tables is not seen: {why}", blocking=True)


def _failed(operation: Any, error: BaseException) -> None:
    what = str(error).strip().split("\n", 1)[0]
    last = traceback.extract_tb(error.__traceback__)[-1].name
    said = f"{type(error).__name__}: {what}" if what else f"{type(error).__name__} in {last}"
    JOURNAL.say(f"{type(operation).__name__} cannot be rendered, so it is not checked: {said}", blocking=True)


def _tidy(operation: Any) -> None:
    """Without what is not of the database and may not be here: managers, and base classes that could not be imported."""
    if isinstance(operation, CreateModel):
        operation.managers = []
        bases = tuple(
            one
            for one in operation.bases
            if isinstance(one, str) or (isinstance(one, type) and issubclass(one, models.Model))
        )
        operation.bases = bases or (models.Model,)
    for field in _fields(operation):
        if isinstance(field.default, Name):
            field.default = _LIKELY.get(field.get_internal_type(), 0 if "Integer" in field.get_internal_type() else "")
        if isinstance(field, Standin):
            field.default = field.default if isinstance(field.default, str | int) else models.NOT_PROVIDED


def _fields(operation: Any) -> list[Any]:
    if isinstance(operation, CreateModel):
        return [field for _, field in operation.fields]
    field = getattr(operation, "field", None)
    return [field] if isinstance(field, models.Field) else []


def _fill_in(state: State, label: str, operation: Any) -> None:
    """Models of apps that are not here, as far as something refers to them: a table with a key called id."""
    wanted: list[Any] = [base for base in getattr(operation, "bases", ()) if isinstance(base, str)]
    for field in _fields(operation):
        relation = getattr(field, "remote_field", None)
        wanted.extend(one for one in (getattr(relation, "model", None), getattr(relation, "through", None)) if one)
    for model in wanted:
        if not isinstance(model, str) or model == "self":
            continue
        app, _, name = model.rpartition(".")
        key = (app or label, name.lower())
        if key in state.models:
            continue
        JOURNAL.say(f"refers to {model}, whose migrations are not here: taken to be a table with the key id (bigint)")
        key_field = models.BigAutoField(primary_key=True)
        state.add_model(ModelState(key[0], name, [("id", key_field)], {}, (models.Model,), []))
