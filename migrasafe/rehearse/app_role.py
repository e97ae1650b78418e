"""Who the app is on a database of roles and grants: whose privileges the made-up app has."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.postgres.connect import connect, run


def role_of_app(dsn: str, tables: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """A role that is granted to read and write all of the tables, and so may be the app, None where there is none; and those
    that are granted that and cannot come to the tables, for want of USAGE on their schema: what these meet, no plan is the
    reason of."""
    with connect(dsn) as session:
        found = run(session, _GRANTED, list(tables), len(tables))
    at_work = [str(role) for role, comes_to_them in found if comes_to_them]
    return next(iter(at_work), None), tuple(str(role) for role, comes_to_them in found if not comes_to_them)


_GRANTED = """
SELECT rolname, bool_and(has_schema_privilege(grantee, relnamespace, 'USAGE'))
FROM pg_catalog.pg_class, pg_catalog.aclexplode(relacl) AS granted JOIN pg_catalog.pg_roles ON pg_roles.oid = grantee
WHERE pg_class.oid = ANY (%s::regclass[]) AND grantee <> relowner AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE')
GROUP BY rolname HAVING count(DISTINCT (pg_class.oid, privilege_type)) = 3 * %s
ORDER BY rolname
"""
