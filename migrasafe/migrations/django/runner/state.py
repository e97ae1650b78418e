"""What the models are between two operations: only those models are copied and made classes of that an operation reaches.

Django makes a class of every model, and again of all that are related to a changed one, for each operation: in a project of a
thousand migrations that takes minutes. Here a state shares the models that an operation left alone with the state before it, and
a class is made when somebody asks for it, together with the models that its columns refer to.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeAlias

from django.apps.registry import Apps
from django.db.migrations.state import AppConfigStub, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation
from django.db.models import Field

ModelKey: TypeAlias = tuple[str, str]
"""The label of the app and the name of the model in small letters."""

_KEPT_BY_FIELDS = ("related_model", "path_infos", "reverse_path_infos")
"""What a field works out once, and would say otherwise when the class of the model that it refers to has been made."""


class State(ProjectState):  # type: ignore[misc]  # Django has no types
    """A ProjectState whose clone copies nothing yet."""

    def clone(self) -> State:
        return State(models=_CopiedWhenUsed(self.models), real_apps=set())

    @cached_property
    def apps(self) -> ClassesOnDemand:
        """The classes of this state."""
        return ClassesOnDemand(self.models)

    def is_as(self, other: State) -> bool:
        """Whether no model was changed, or copied so that it could be."""
        return len(self.models) == len(other.models) and all(
            mine is its for mine, its in zip(_as_they_are(self.models), _as_they_are(other.models), strict=True)
        )

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's own signature
        self.__dict__.pop("apps", None)

    def reload_models(self, models: Any, delay: bool = True) -> None:  # noqa: FBT001, FBT002  # Django's own signature
        self.__dict__.pop("apps", None)

    def clear_delayed_apps_cache(self) -> None:
        pass  # nothing is delayed


class ClassesOnDemand(StateApps):  # type: ignore[misc]  # Django has no types
    """Makes the class of a model when it is asked for."""

    def __init__(self, states: dict[ModelKey, Any]) -> None:
        self._states = states
        self._made: set[ModelKey] = set()
        self._complete: set[ModelKey] = set()
        """Made, and so are the models that their columns refer to."""
        self._asked: dict[ModelKey, None] = {}
        """Whose other side of relations is made too, once somebody looks for it."""
        self.real_models: list[Any] = []
        self.ready: bool
        Apps.__init__(self, [AppConfigStub(label) for label in sorted({label for label, _ in states})])

    def clone(self) -> ClassesOnDemand:
        return ClassesOnDemand(self._states)

    def get_model(self, app_label: str, model_name: str | None = None, require_ready: bool = True) -> Any:  # noqa: FBT001, FBT002  # Django's own signature
        if model_name is None:
            app_label, _, model_name = app_label.partition(".")
        key = (app_label, model_name.lower())
        self._ask(key)
        try:
            return self.all_models[app_label][key[1]]
        except KeyError:
            raise LookupError(f"App {app_label!r} doesn't have a {model_name!r} model.") from None

    def get_models(self, include_auto_created: bool = False, include_swapped: bool = False) -> list[Any]:  # noqa: FBT001, FBT002  # Django's own signature
        """All of them; but to Django itself, which wants them with auto-created ones to see who refers to whom, those it can meet."""
        if include_auto_created:
            self._make_referrers()
        else:
            self.make_all()
        return [
            model
            for of_app in self.all_models.values()
            for model in of_app.values()
            if (include_auto_created or not model._meta.auto_created) and (include_swapped or not model._meta.swapped)
        ]

    def get_app_config(self, app_label: str) -> Any:
        self.make_all()
        return super().get_app_config(app_label)

    def get_app_configs(self) -> Any:
        if self.ready:
            self.make_all()
        return super().get_app_configs()

    def make_all(self) -> None:
        """Every model of the state."""
        for key in list(dict.keys(self._states)):
            self._ask(key)

    def clear_cache(self) -> None:
        if self.ready:
            for of_app in self.all_models.values():
                for model in of_app.values():
                    model._meta._expire_cache()
                    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
                        for name in _KEPT_BY_FIELDS:
                            field.__dict__.pop(name, None)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Caches are cleared once, when all classes are there."""
        was, self.ready = self.ready, False
        try:
            yield
        finally:
            self.ready = was
            self.clear_cache()

    def _ask(self, key: ModelKey) -> None:
        if key not in self._asked and dict.get(self._states, key) is not None:
            self._asked[key] = None
            self._make_with_targets(key)
            self.clear_cache()  # who refers to it may have been worked out while it was only a referrer itself

    def _make_with_targets(self, key: ModelKey) -> None:
        if key not in self._complete:
            self._complete.add(key)
            with self._quietly():
                self._make(key)
                for _, target in _relations(key, dict.get(self._states, key)):
                    self._make_target(target)

    def _make(self, key: ModelKey) -> None:
        state = dict.get(self._states, key)
        if state is not None and key not in self._made:
            self._made.add(key)
            self._make_class(state)

    def _make_class(self, state: Any) -> None:
        """As ModelState.render, with fields that are copied instead of made again of their arguments."""
        options = {name: value for name, value in state.options.items() if name != "index_together"}
        body = {name: _copied_field(field) for name, field in state.fields.items()}
        body["Meta"] = type("Meta", (), {"app_label": state.app_label, "apps": self, **options})
        body["__module__"] = "__fake__"
        body.update(state.construct_managers())
        type(state.name, tuple(self.get_model(one) if isinstance(one, str) else one for one in state.bases), body)

    def _make_target(self, key: ModelKey) -> None:
        """With what its own key refers to, as that decides the type of a column that refers to it."""
        if key in self._made:
            return
        self._make(key)
        state = dict.get(self._states, key)
        for field, target in _relations(key, state) if state is not None else ():
            if _may_be_referred_to(field):
                self._make_target(target)

    def _make_referrers(self) -> None:
        """The models that refer to those which were asked for, and those that refer to these through their keys."""
        waiting = list(self._asked)
        done: set[ModelKey] = set()
        while waiting:
            key = waiting.pop()
            if key in done:
                continue
            done.add(key)
            for referrer, field in self._referrers.get(key, ()):
                self._make_with_targets(referrer)
                if _may_be_referred_to(field):
                    waiting.append(referrer)

    @cached_property
    def _referrers(self) -> dict[ModelKey, list[tuple[ModelKey, Any]]]:
        found: dict[ModelKey, list[tuple[ModelKey, Any]]] = {}
        for key, state in dict.items(self._states):
            for field, target in _relations(key, state):
                found.setdefault(target, []).append((key, field))
        for key, state in dict.items(self._states):
            if state.options.get("proxy"):  # who refers to a proxy refers to the model behind it
                for base in state.bases:
                    if isinstance(base, str):
                        behind = resolve_relation(base, *key)
                        found.setdefault(behind, []).extend(found.get(key, ()))
        return found


class _CopiedWhenUsed(dict[ModelKey, Any]):
    """The models of a state: those of the state before it, each copied when it is first taken out, as it may be changed then."""

    def __init__(self, before: dict[ModelKey, Any]) -> None:
        super().__init__(before)  # the models as they are, without copies
        self._shared = set(before)

    def __getitem__(self, key: ModelKey) -> Any:
        if key in self._shared:
            self[key] = _copied(super().__getitem__(key))
        return super().__getitem__(key)

    def __setitem__(self, key: ModelKey, state: Any) -> None:
        self._shared.discard(key)
        super().__setitem__(key, state)

    def get(self, key: ModelKey, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401  # that is what this is

    def pop(self, key: ModelKey, *default: Any) -> Any:
        self._shared.discard(key)
        return super().pop(key, *default)

    def __delitem__(self, key: ModelKey) -> None:
        self._shared.discard(key)
        super().__delitem__(key)

    def values(self) -> Any:
        for key in list(self._shared):
            self[key] = _copied(super().__getitem__(key))
        return super().values()

    def items(self) -> Any:
        self.values()
        return super().items()


def _as_they_are(models: dict[ModelKey, Any]) -> Any:
    return dict.values(models)


def _copied(state: Any) -> Any:
    """As ModelState.clone, without its checks."""
    made = object.__new__(type(state))
    made.__dict__.update(state.__dict__)
    made.fields, made.options, made.managers = dict(state.fields), dict(state.options), list(state.managers)
    return made


def _copied_field(field: Any) -> Any:
    """As models get the fields of an abstract base; behind the others, as columns stand in the order of their making."""
    made = copy.deepcopy(field)
    if not made.auto_created:
        made.creation_counter = Field.creation_counter
        Field.creation_counter += 1
    return made


def _relations(key: ModelKey, state: Any) -> Iterator[tuple[Any, ModelKey]]:
    """The fields of a model that refer to another, with the model, and the one that links the two."""
    for field in state.fields.values():
        remote = field.remote_field
        if remote is None:
            continue
        for model in (remote.model, getattr(remote, "through", None)):
            if model is not None:
                yield field, resolve_relation(model, *key)


def _may_be_referred_to(field: Any) -> bool:
    return bool(field.primary_key or field.unique)
