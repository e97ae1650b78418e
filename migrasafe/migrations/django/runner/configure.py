"""Django set up with what the project's settings say as literals, and nothing of the project loaded."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

from migrasafe.migrations.django.protocol import Setup
from migrasafe.migrations.django.runner.journal import JOURNAL

_OWN = (
    "DATABASES",
    "DATABASE_ROUTERS",
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "LOGGING",
    "LOGGING_CONFIG",
    "CACHES",
    "TEMPLATES",
    "STORAGES",
)
"""Settings that we make ourselves, or that would load something."""
_ANY_UUID = uuid.UUID("00000000-0000-4000-8000-000000000000")
_CONTRIB = ("contenttypes", "auth", "admin", "sessions", "sites", "redirects", "flatpages", "messages")


def configure(setup: Setup) -> None:
    """Raises ImportError where Django or a driver of PostgreSQL is missing."""
    import django
    import django.db.migrations.executor  # `manage.py migrate` has it loaded, and migrations rely on that
    from django.apps import AppConfig
    from django.conf import settings

    known = {name: value for name, value in setup.settings.items() if name not in _OWN}
    contrib = [
        f"django.contrib.{name}"
        for name in _CONTRIB
        if name in ("contenttypes", "auth") or any(one.startswith(f"django.contrib.{name}") for one in setup.installed)
    ]
    settings.configure(
        **{
            "SECRET_KEY": "of no use",
            "USE_TZ": True,
            "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
            **known,
            "INSTALLED_APPS": contrib,
            "LOGGING_CONFIG": None,
            "DATABASES": {
                "default": {"ENGINE": "migrasafe.migrations.django.runner.backend", "NAME": "nothing"},
            },
        }
    )
    _answer_for_others(type(settings))
    _have_any_storage()
    for config in (AppConfig, *_contrib_configs()):
        config.ready = lambda self: None  # checks and signals, of models that are not here
    uuid.uuid4 = lambda: _ANY_UUID  # the statements of one run are those of the next
    django.setup()
    _let_models_be_defined(setup)


def _contrib_configs() -> list[Any]:
    from django.contrib.admin.apps import AdminConfig
    from django.contrib.auth.apps import AuthConfig
    from django.contrib.contenttypes.apps import ContentTypesConfig
    from django.contrib.sites.apps import SitesConfig

    return [AdminConfig, AuthConfig, ContentTypesConfig, SitesConfig]


def _have_any_storage() -> None:
    """Where files lie is nothing of the database: a storage that the settings have is the one of Django."""
    try:
        from django.core.files.storage import InvalidStorageError, StorageHandler
    except ImportError:  # Django 4.1 and older have no such setting
        return
    ask = StorageHandler.__getitem__

    def answer(self: Any, alias: str) -> Any:
        try:
            return ask(self, alias)
        except InvalidStorageError:
            return ask(self, "default")

    StorageHandler.__getitem__ = answer


def _answer_for_others(lazy: Any) -> None:
    """A setting that is not known as a literal is None, and that is said."""
    ask = lazy.__getattr__

    def answer(self: Any, name: str) -> Any:
        try:
            return ask(self, name)
        except AttributeError:
            if name.isupper() and JOURNAL.path:
                JOURNAL.say(f"uses settings.{name}, which is no literal in the settings: taken to be None")
                return None
            raise

    lazy.__getattr__ = answer


def _let_models_be_defined(setup: Setup) -> None:
    """Models of the project's apps, which are not installed here: migrations use what these classes hold, such as choices."""
    from django.apps import apps

    ask = apps.get_containing_app_config
    labels = {app.package.rpartition(".")[0]: app.label for app in setup.apps}

    def answer(module: str) -> Any:
        found = ask(module)
        if found is not None:
            return found
        holding = [package for package in labels if module == package or module.startswith(f"{package}.")]
        package = max(holding, key=len, default=module.partition(".models")[0])
        return SimpleNamespace(label=labels.get(package, package.rpartition(".")[2]), name=package)

    apps.get_containing_app_config = answer
    _let_apps_be_found(labels)


def _let_apps_be_found(labels: dict[str, str]) -> None:
    """Functions of migrations ask for an app of the project to connect something to the end of all migrations: that is not seen."""
    from django.apps import apps
    from django.db.migrations.state import AppConfigStub
    from django.db.models.signals import post_migrate

    ask, connect = apps.get_app_config, post_migrate.connect

    def answer(app_label: str) -> Any:
        return AppConfigStub(app_label) if app_label in labels.values() else ask(app_label)

    def connected(receiver: Any, *arguments: Any, **named: Any) -> Any:
        if JOURNAL.path:
            name = getattr(receiver, "__name__", "a function")
            JOURNAL.say(f"what {name} does once all migrations have run (post_migrate) is not seen", blocking=True)
        return connect(receiver, *arguments, **named)

    apps.get_app_config = answer
    post_migrate.connect = connected
