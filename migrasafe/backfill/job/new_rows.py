"""What rows that come while a backfill runs, or after it, will miss: its end is frozen at the start."""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.queries import query
from migrasafe.backfill.walk.table import Column, Table
from migrasafe.postgres.scripts import ScriptSession


def what_policies_hide(session: ScriptSession, table: Table) -> list[str]:
    """A warning where row level security keeps rows from this role: they are not changed, and not missed at the end."""
    if not session.rows(f"SELECT row_security_active({table.oid}::oid)")[0][0]:
        return []
    return [
        f"row level security of {table.sql} applies to this role: rows that it does not show are not changed, and not counted "
        "at the end; use a role with BYPASSRLS"
    ]


def what_new_rows_miss(
    session: ScriptSession, spec: Spec, table: Table, columns: Mapping[str, Column], written: tuple[str, ...]
) -> list[str]:
    """A warning where neither a trigger nor a default looks after new rows."""
    has_trigger = bool(session.rows(query("triggers_on_write", table_oid=table.oid)))
    if has_trigger:
        return []
    if spec.into is not None:
        return [
            f"no trigger of {table.sql} writes to {spec.into}: rows that are inserted, changed or deleted from now on will not "
            "be so in the copy"
        ]
    bare = [name for name in written if not columns[name].has_default]
    if not bare:
        return []
    return [
        f"rows inserted into {table.sql} from now on will miss {', '.join(bare)}: there is no default and no trigger that "
        "fills it (`migrasafe plan` writes one)"
    ]
