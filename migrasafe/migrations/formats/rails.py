"""Rails: `db/migrate/<version>_<name>.rb`, in the order of the version.

https://guides.rubyonrails.org/active_record_migrations.html
"""

from __future__ import annotations

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History
from migrasafe.regex import regex

_NAME = regex(r"^(?P<version>\d+)_(?P<name>\w+)(?:\.\w+)?\.rb$")
_SIGN = "ActiveRecord::Migration"
_TIMEOUT = regex(r"(?m)^\s*StrongMigrations\.lock_timeout\s*=\s*(?P<number>\d+)(?:\.(?P<unit>second|minute)s?)?")
_INITIALIZER = "config/initializers/strong_migrations.rb"
_LOOKED_AT = 5


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with Rails' names whose files hold a class of its migrations."""
    for file in [file for file in folder.files if _NAME.match(file)][-_LOOKED_AT:]:
        if _SIGN in folder.head(file):
            return Claim(strength=Strength.OWN, why=f"{file} is a migration of Rails")
    return None


def read(folder: Folder) -> History:
    """Put every migration into SQL, in the order of the versions. Raises InputError."""
    from migrasafe.migrations.rails.made import Made  # here, because few folders are those of Rails
    from migrasafe.migrations.rails.read import read_migration

    files = [(match, file) for file in folder.files if (match := _NAME.match(file))]
    made, timeout = Made(), _lock_timeout(folder)
    return History(
        layout="rails",
        root=folder.path,
        migrations=tuple(
            read_migration(folder.source(file), match["version"], match["name"], made, timeout)
            for match, file in sorted(files, key=lambda one: (int(one[0]["version"]), one[1]))
        ),
    )


def _lock_timeout(folder: Folder) -> str | None:
    """What strong_migrations sets for every migration of the project."""
    for above in folder.upwards():
        if above.has(_INITIALIZER):
            match = _TIMEOUT.search(above.head(_INITIALIZER))
            if match is None:
                return None
            return f"{match['number']}{'min' if match['unit'] == 'minute' else 's'}"
    return None
