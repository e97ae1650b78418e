"""What belongs to a table and would stay with the old one: made for the new one, or moved to it when the names change."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan.carry_over.beside_column import give_along, is_something
from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.carry_over.in_the_way import names_table
from migrasafe.plan.carry_over.published_columns import published_again
from migrasafe.plan.carry_over.readers import policy_again
from migrasafe.plan.carry_over.references import own_keys_to
from migrasafe.plan.carry_over.user_triggers import made_again
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.objects.policies import create_policy
from migrasafe.plan.objects.view_again import create_view
from migrasafe.schema.attached import Attached, Beside, PublishedAs
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import ColumnRef, Constraint, Ref, Schema, Sequence, Table, View
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import ConstraintKind


def given(ground: Ground, table: Table, ready: Ref) -> Iterator[str]:
    """What a new, empty table gets at once, under the name it has until then: foreign keys, owner, privileges, row security,
    comments, and what is set for its columns."""
    on, beside = name_of(ready), (ground.beside or {}).get(table.ref, Beside())
    alter = f"ALTER TABLE {on}"
    for one in foreign_keys_from(table):
        yield f"{alter} ADD CONSTRAINT {quote_ident(one.name)} {constraint_body(one)}"
        yield from comment_again(beside, ready, one.name)
    if table.owner is not None:
        yield f"{alter} OWNER TO {quote_ident(table.owner)}"
    for grant in sorted(table.grants):
        yield f"GRANT {grant.privilege.upper()} ON {on} TO {quote_role(grant.role)}"
    for column in table.columns:
        attached = (ground.attached or {}).get(ColumnRef(table.ref, column.name), Attached())
        if is_something(attached):
            yield from give_along(ready, column.name, attached).statements
    for policy in table.policies:
        yield from create_policy(replace(table, ref=ready), policy).statements
    if table.row_security:
        yield f"{alter} ENABLE ROW LEVEL SECURITY"
    if table.row_security_forced:
        yield f"{alter} FORCE ROW LEVEL SECURITY"
    if table.replica_identity in ("full", "nothing"):
        yield f"{alter} REPLICA IDENTITY {table.replica_identity.upper()}"
    if beside.comment is not None:
        yield f"COMMENT ON TABLE {on} IS {quote_literal(beside.comment)}"


def taken_off(ground: Ground, table: Table) -> Iterator[str]:
    """From the table that has the known name, before it loses it: foreign keys to it, its triggers, its publications."""
    beside = (ground.beside or {}).get(table.ref, Beside())
    for child, key in own_keys_to(ground.schema, table.ref):
        yield f"ALTER TABLE {name_of(child.ref)} DROP CONSTRAINT {quote_ident(key.name)}"
    for trigger in beside.triggers:
        yield made_again(table.ref, trigger)[0]
    for one in _published(ground, table):
        yield published_again(table.ref, one)[0]


def put_on(ground: Ground, table: Table) -> Iterator[str]:
    """The same for the table that has the name now; and what reads it by its number is made to read this one."""
    schema, beside = ground.schema, (ground.beside or {}).get(table.ref, Beside())
    for child, key in own_keys_to(schema, table.ref):
        add = f"ALTER TABLE {name_of(child.ref)} ADD CONSTRAINT {quote_ident(key.name)} {constraint_body(key)}"
        yield f"{add} NOT VALID"
        yield from comment_again((ground.beside or {}).get(child.ref), child.ref, key.name)
    for trigger in beside.triggers:
        yield from made_again(table.ref, trigger)[1:]
    for one in _published(ground, table):
        yield published_again(table.ref, one)[1]
    for sequence, column in owned_sequences(schema, table):
        yield f"ALTER SEQUENCE {name_of(sequence)} OWNED BY {name_of(table.ref)}.{quote_ident(column)}"
    for view in views_over(schema, table.ref):
        yield create_view(view, replacing=True)
    for other in _tables(schema):
        for policy in other.policies:
            if any(one is not None and names_table(one, table.ref) for one in (policy.using, policy.check)):
                yield policy_again(other, policy)


def foreign_keys_from(table: Table) -> list[Constraint]:
    """Those to other tables: one to itself is among those that refer to it."""
    return [
        one
        for one in table.constraints
        if one.kind is ConstraintKind.FOREIGN_KEY and one.target not in (None, table.ref)
    ]


def owned_sequences(schema: Schema, table: Table) -> Iterator[tuple[Ref, str]]:
    """The sequences of its columns, but for those of identity columns, which cannot move."""
    identities = {one.name for one in table.columns if one.identity is not None}
    for ref in sorted(schema.dependents_of(table.ref)):
        one = schema.relation(ref)
        if isinstance(one, Sequence) and one.owned_by is not None and one.owned_by.relation == table.ref:
            column = one.owned_by.column
            if column is not None and column not in identities:
                yield ref, column


def views_over(schema: Schema, table: Ref) -> Iterator[View]:
    """Those that read it themselves, in the order of names."""
    for ref in sorted(schema.dependents_of(table)):
        view = schema.view(ref)
        if view is not None and any(one.relation == table for one in view.reads):
            yield view


def valid_keys_to(schema: Schema, table: Ref) -> Iterator[tuple[Table, Constraint]]:
    """The foreign keys to it whose rows have been checked."""
    return ((child, key) for child, key in own_keys_to(schema, table) if key.valid)


def publications_with(ground: Ground, table: Table) -> tuple[str, ...]:
    """The publications that name the table."""
    return tuple(one.publication for one in _published(ground, table))


def _published(ground: Ground, table: Table) -> Iterator[PublishedAs]:
    known = {one.publication: one for one in (ground.beside or {}).get(table.ref, Beside()).published}
    for name, publication in sorted(ground.schema.publications.items()):
        if table.ref in publication.tables:
            yield known.get(name, PublishedAs(publication=name))


def _tables(schema: Schema) -> Iterator[Table]:
    for ref in sorted(schema.relations):
        table = schema.table(ref)
        if table is not None and table.policies:
            yield table
