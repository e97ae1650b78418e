"""What there is, according to the revisions so far: for inspectors and for `checkfirst`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrasafe.migrations.alembic.runner.recorder import Recorder
    from migrasafe.schema.model import Schema


class Catalog:
    """The schema after everything that was recorded; worked out when it is asked for."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._schema: Schema | None = None
        self._counted = 0
        """How many of the earlier statements are in `_schema`."""

    def schema(self) -> Schema:
        """The schema now."""
        # Imported here: most histories never ask.
        from migrasafe.schema.evolve import evolve, with_search_path
        from migrasafe.schema.evolve.session import DEFAULT_PATH
        from migrasafe.schema.model import BEFORE_HISTORY, Schema
        from migrasafe.sql.parse import read_script
        from migrasafe.sql.source import Source

        def after(schema: Schema, statements: list[str]) -> Schema:
            for sql in statements:
                for statement in read_script(Source(path="", text=sql)).statements:
                    schema = evolve(schema, statement, BEFORE_HISTORY)
            return schema

        earlier = self._recorder.earlier
        base = self._schema or Schema()
        base = after(base, earlier[self._counted :])
        self._schema, self._counted = with_search_path(base, DEFAULT_PATH), len(earlier)
        return after(self._schema, self._recorder.statements)
